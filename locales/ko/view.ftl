view-broker = 브로커
view-packet-sent = { $from }에서 { $to }에게 { $packet ->
    [CONNACK] CONNACK을
    [PUBACK] PUBACK을
    [PUBREC] PUBREC을
    [PUBREL] PUBREL을
    [SUBACK] SUBACK을
    [UNSUBACK] UNSUBACK을
   *[other] { $packet }를
} 보냈어요{ $details }
view-packet-lost = { $from }에서 보낸 { $packet } 패킷이 { $to }에게 닿지 못했어요: { $reason }
view-message-received = { $node }에 메시지가 도착했어요: { $topic }
view-opened = { $client } ↔ { $broker }: 네트워크 연결이 열렸어요
view-closed-here = { $node }에서 연결을 닫았어요
view-closed-reset = { $node }에서 보니 연결이 재설정됐어요 (RST)
view-closed-network-down = { $node }에서 네트워크가 끊긴 것을 알아챘어요
view-closed-timed-out = { $node }에서 여러 번 다시 보내도 답이 없어 연결을 포기했어요
view-cut-both = { $client } ↔ { $broker }: 경로가 끊겼어요
view-cut-to-broker = { $client } → { $broker }: 이 방향만 끊겼어요
view-cut-to-client = { $broker } → { $client }: 이 방향만 끊겼어요
view-restored = { $client } ↔ { $broker }: 경로가 다시 이어졌어요
view-power-off = { $node } 전원이 꺼졌어요
view-power-on = { $node } 전원이 켜졌어요
view-will-scheduled = { $node }의 유언 메시지(Will Message)가 { $at }초에 발행될 예정이에요
view-will-published = 브로커에서 { $node }의 유언 메시지(Will Message)를 발행했어요
view-will-discarded = { $node } 쪽에서 DISCONNECT로 떠났으므로 유언 메시지(Will Message)를 버렸어요
view-will-discarded-resumed = { $node } 쪽에서 제때 돌아왔으므로 유언 메시지(Will Message)를 버렸어요
view-session-expired = { $node }의 세션이 만료되어 사라졌어요
view-session-replaced = { $node }의 이전 세션이 지워졌어요
view-malformed = { $node }에 잘못된 바이트가 도착했어요: { $why } [{ $clause }]
view-segment-lost = { $from } → { $to }: TCP 세그먼트가 사라졌어요 ({ $carried }): { $reason }
view-segment-again = { $from } → { $to }: TCP 세그먼트를 { $attempt }번째로 다시 보냈어요 ({ $carried })
view-fault-struck = { $packet }에 예약한 고장이 일어났어요: { $what }
view-verdict-pass = 아무 일도 하지 않아요
view-verdict-cut-before = 도착하기 직전에 경로를 끊었어요
view-verdict-cut-after = 도착한 직후에 경로를 끊었어요
view-verdict-reset-before = 도착하기 직전에 연결을 재설정했어요
view-verdict-reset-after = 도착한 직후에 연결을 재설정했어요
view-verdict-delay = { $by }초 늦게 도착해요
view-keep-alive-timeout = Keep Alive의 1.5배 동안 { $node }에서 아무것도 오지 않아 브로커가 연결을 끊었어요
view-taken-over = 같은 Client Identifier로 새 연결이 들어와 { $node }의 이전 연결을 끊었어요
view-connect-timeout = { $node }에서 제때 CONNECT가 오지 않아 브로커가 연결을 끊었어요
view-client-misbehaved = { $node }에서 규칙을 어겨 브로커가 연결을 끊었어요: { $why } [{ $clause }]
view-refused = 브로커가 { $node }의 연결을 거절했어요: { $reason }
view-server-disconnected = 브로커가 { $node }에게 DISCONNECT를 보냈어요: { $reason }
view-client-connect-timeout = { $node }에서 기다려도 연결되지 않아 포기했어요
view-ping-timeout = { $node }에서 PINGRESP를 제때 받지 못해 연결을 끊었어요
view-server-misbehaved = 브로커가 규칙을 어겨 { $node }에서 연결을 끊었어요: { $why } [{ $clause }]
view-reconnect = { $node }: { $at }초에 다시 연결해요 ({ $attempt }번째 시도)
view-publish-dropped = { $node }에서 메시지를 보내지 않고 버렸어요: { $why }
view-message-dropped = { $node }에게 갈 메시지를 브로커가 버렸어요: { $why }
view-drop-qos-zero-offline = 오프라인이고 QoS 0이에요
view-drop-queue-full = 대기열이 가득 찼어요
view-drop-no-local = 자기가 발행한 메시지예요 (No Local)
view-drop-expired = Message Expiry Interval이 지났어요
view-drop-packet-too-large = Maximum Packet Size보다 커요
view-drop-session-ended = 세션이 끝났어요
view-drop-slow-reader = QoS 0이고, 전에 보낸 것을 아직 읽지 않아요
view-drop-payloads-full = 브로커가 보관하는 메시지가 허용된 공간을 다 썼어요
view-drop-moved-to-another-member = 공유 구독(Shared Subscription)의 다른 멤버에게 넘겼어요
view-shared-chosen = { $filter }의 멤버 { $members }개 가운데 이번 메시지는 차례가 된 { $node }에게 가요.
view-shared-passed-over = { $filter }의 멤버 { $members }개 가운데 이번 메시지는 { $node }에게 가요. 차례가 먼저였지만 바로 받을 수 없어 건너뛴 멤버: { $passed }개.
view-duplicate = { $node }에서 이미 받은 QoS 2 메시지라 다시 넘기지 않았어요 (id { $id })
view-loss-random = 전송 중 손실
view-loss-path-cut = 경로가 끊김
view-loss-reset = 연결이 재설정됨
view-loss-no-connection = 받는 쪽에 연결이 없음
view-loss-never-sent = 보내기 전에 연결이 끝남
view-carried-handshake = 연결 설정
view-carried-close = 연결 종료
view-state-idle = 연결 안 됨
view-state-opening = 연결 여는 중
view-state-connecting = CONNACK 대기
view-state-connected = 연결됨
view-state-connected-value = 연결됨 · { $value }
view-state-disconnecting = 연결 닫는 중
view-state-waiting = { $at }초에 다시 연결
view-state-off = 꺼짐
view-state-broker = 연결 { $count }개
view-will-known = { $topic } · QoS { $qos }
view-will-known-due = { $topic } · QoS { $qos } · { $at }초에 발행
view-fate-sent = 보냄 (도착했는지는 여기서 알 수 없어요)
