# `explore`가 출력하는 것.
explore-tested = I{ $number } { $promise }: 시드 { $seeds }개가 시험했어요
explore-seed = 시드 { $seed }
explore-violation = { $promise } [{ $clause }] { $at }초, 기록 { $record }: { $what }
explore-small = 시드 { $seed }, 사건 { $events }개로 줄였어요:
explore-saved = 시드 { $seed }, 사건 { $events }개로 줄였어요: { $file }
explore-not-writable = 시드 { $seed }의 가장 작은 시나리오에는 시나리오 파일로 적을 수 없는 것이 있어요.
explore-not-saved = { $file } 파일을 쓸 수 없어요: { $why }
explore-more-failed = 실패한 시드가 { $count }개 더 있어요.
explore-thread-died = 스레드 하나가 죽어서 모든 시드를 실행하지는 못했어요.
explore-summary = 시드 { $seeds }개, 기록 { $records }개, 실패 { $failed }개
