# 누가 무엇을 할 수 있는지: 비밀번호, 접근 제어 목록, 확장 인증.
access-scram-malformed = SCRAM 메시지가 RFC 5802에 정해진 형식이 아니에요.
access-scram-channel-binding = 클라이언트가 채널 바인딩을 요구했거나 처음에 말한 것과 다르게 바인딩했어요. 이 브로커는 채널 바인딩을 지원하지 않아요.
access-scram-extension = 상대가 SCRAM 확장을 요구했지만, 여기서 아는 확장은 없어요.
access-scram-authorization-identity = 다른 사용자의 이름으로 행동할 수는 없어요.
access-scram-prohibited = 사용자 이름이나 비밀번호가 비어 있거나 SASLprep에서 금지한 문자가 들어 있어요.
access-scram-nonce = nonce가 이번 교환의 것이 아니에요.
access-scram-iterations = SCRAM 반복 횟수는 { $min }~{ $max }번이어야 해요.
access-scram-wrong-proof = 그런 사용자가 없거나 비밀번호가 틀렸어요.
access-scram-wrong-signature = 서버가 사용자의 키를 몰라요. 진짜 서버가 아니에요.
access-scram-server-refused = 서버가 오류로 교환을 끝냈어요.
