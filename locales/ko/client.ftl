## 발행이 보관되지 않은 까닭
client-dropped-offline-qos-0 = 연결이 없는 동안 QoS 0 메시지는 보관하지 않아요.
client-dropped-queue-full = 대기열이 가득 찼어요. 최대 { $limit }개까지 기다릴 수 있어요.
client-dropped-power-cut = 전원이 꺼지면서 메모리에 있던 메시지가 사라졌어요.
client-dropped-session-ended = 연결과 함께 세션이 끝나서, 아직 확인받지 못한 메시지를 버렸어요. 이어 가려면 세션 만료 간격(Session Expiry Interval)을 0보다 크게, 3.1.1에서는 Clean Session을 0으로 두세요.
client-dropped-clean-start = Clean Start로 새 세션을 시작해서 이전 세션의 메시지를 버렸어요. [MQTT-3.1.2-4]
client-dropped-session-not-present = 서버가 세션을 기억하지 못해요(Session Present 0). 클라이언트도 자기 세션 상태를 버려야 해요. [MQTT-3.2.2-5]
client-dropped-server-limit = 서버가 CONNACK에서 허용하지 않은 발행이에요: { $limit }

## 서버가 규칙을 어긴 경우
client-server-before-connack = 서버가 CONNACK보다 먼저 { $packet } 패킷을 보냈어요.
client-server-second-connack = 서버가 한 연결에서 CONNACK을 두 번 보냈어요.
client-server-client-only-packet = { $packet } 패킷은 클라이언트만 보낼 수 있는데 서버가 보냈어요.
client-server-refused-with-session-present = 서버가 연결을 거부하면서 Session Present를 1로 보냈어요.
client-server-connack-reason = CONNACK에 쓸 수 없는 이유 코드(Reason Code)예요: { $reason }
client-server-session-present-after-clean-start = Clean Start로 연결했는데 서버가 Session Present를 1로 보냈어요.
client-server-session-present-unknown = 서버는 세션이 있다는데(Session Present 1) 클라이언트에는 세션 상태가 없어요. 연결을 닫고, 다음에는 Clean Start로 새로 시작해요.
client-server-no-assigned-client-id = 클라이언트 식별자(Client Identifier)를 비워 보냈는데 서버가 식별자를 정해 주지 않았어요.
client-server-unasked-response-information = 요청하지 않은 Response Information을 서버가 보냈어요.
client-server-unasked-authentication = CONNECT에 Authentication Method가 없었는데 서버가 확장 인증(AUTH)을 시작했어요.
client-server-topic-alias = 클라이언트가 토픽 별칭(Topic Alias)을 허용하지 않았는데 서버가 { $alias }번 별칭을 썼어요.
client-server-no-topic = PUBLISH에 토픽 이름도 토픽 별칭도 없어요.
client-server-receive-maximum = 확인받지 않은 QoS 1·2 메시지는 { $maximum }개까지인데(Receive Maximum) 서버가 더 보냈어요.
client-server-packet-id-in-use = 아직 끝나지 않은 QoS 2 메시지의 패킷 식별자 { $id }번을 서버가 다른 메시지에 다시 썼어요.
client-server-unknown-packet-id = { $packet }의 패킷 식별자 { $id }에 해당하는 요청이 없어요.
client-server-out-of-turn = 패킷 식별자 { $id }번은 지금 { $packet } 패킷을 기다리는 중이 아니에요.
client-server-answer-count = { $packet }의 이유 코드 수가 맞지 않아요. 필터는 { $expected }개인데 코드는 { $actual }개예요.
client-server-unasked-pingresp = PINGREQ를 보내지 않았는데 PINGRESP가 왔어요.
client-server-disconnect-reason = 서버의 DISCONNECT에 쓸 수 없는 이유 코드예요: { $reason }
client-server-disconnect-session-expiry = 서버의 DISCONNECT에는 Session Expiry Interval이 있으면 안 돼요.
client-server-maximum-packet-size = 서버의 최대 패킷 크기(Maximum Packet Size)가 { $maximum }바이트라서 { $packet }조차 보낼 수 없어요.
