### MQTT 패킷의 필드, Reason Code, 오류를 설명하는 글. 명세의 이름은 영어 그대로 둬요.

## 패킷 종류
packet-type-connect = 클라이언트가 서버에 연결을 청하는 첫 패킷이에요.
packet-type-connack = CONNECT에 대한 서버의 대답이에요.
packet-type-publish = 메시지를 실어 나르는 패킷이에요.
packet-type-puback = QoS 1 메시지를 잘 받았다는 확인이에요.
packet-type-pubrec = QoS 2의 두 번째 걸음: 메시지를 받아 두었다는 확인이에요.
packet-type-pubrel = QoS 2의 세 번째 걸음: 보낸 쪽이 메시지를 놓아주고, 이제 전달을 마무리해도 된다고 알려요.
packet-type-pubcomp = QoS 2의 마지막 걸음: 전달이 모두 끝났다는 확인이에요.
packet-type-subscribe = 받고 싶은 토픽을 서버에 알려 구독(subscribe)해요.
packet-type-suback = SUBSCRIBE에 대한 대답이에요. 구독마다 결과가 하나씩 들어 있어요.
packet-type-unsubscribe = 구독을 그만두겠다고 서버에 알려요.
packet-type-unsuback = UNSUBSCRIBE에 대한 대답이에요.
packet-type-pingreq = “나 아직 살아 있어요, 거기도 살아 있나요?” 하고 물어요.
packet-type-pingresp = PINGREQ에 대한 대답이에요.
packet-type-disconnect = 연결을 끝내겠다는 마지막 인사예요.
packet-type-auth = 비밀번호 한 번으로 끝나지 않는 인증을 주고받아요. MQTT 5.0에만 있어요.
packet-type-reserved = 쓰지 않기로 예약된 값이에요. 이런 패킷은 없어요.

## 필드
packet-field-fixed-header = 모든 패킷이 똑같이 갖는 머리예요. 패킷의 종류와 길이를 알려 줘요.
packet-field-variable-header = 패킷 종류마다 달라지는 머리예요.
packet-field-payload-section = 패킷의 알맹이예요.
packet-field-first-byte = 앞 4비트는 패킷 종류({ $value }), 뒤 4비트는 플래그예요.
packet-field-packet-type = 패킷 종류예요.
packet-field-reserved = 이 종류의 패킷에서는 언제나 { $value }이어야 해요. 다르면 받은 쪽이 연결을 끊어요.
packet-field-reserved-zero = 아직 쓰지 않는 비트라서 언제나 0이어야 해요.
packet-field-dup = { $value ->
    [1] 전에 보낸 적이 있는 PUBLISH를 다시 보내는 거예요. 연결이 끊겼다가 이어졌을 때만 이래요.
   *[0] 처음 보내는 PUBLISH예요.
    }
packet-field-qos = { $value ->
    [0] QoS 0: 많아야 한 번 도착해요. 확인 응답이 없어요.
    [1] QoS 1: 적어도 한 번 도착해요. PUBACK을 기다리고, 중복될 수 있어요.
    [2] QoS 2: 딱 한 번 도착해요. PUBREC, PUBREL, PUBCOMP로 네 걸음을 주고받아요.
   *[other] QoS { $value }은 없어요. 0, 1, 2뿐이에요.
    }
packet-field-retain = { $value ->
    [1] 보관 메시지(retained message)예요. 클라이언트가 보냈다면 서버가 이 토픽의 마지막 값으로 보관하고, 서버가 보냈다면 보관해 둔 값이에요.
   *[0] 보관하지 않는 보통 메시지예요.
    }
packet-field-remaining-length = 이 뒤로 { $value }바이트가 이어져요.
packet-field-length = 이 뒤로 { $value }바이트가 내용이에요.
packet-field-packet-identifier = 이 주고받음을 가리키는 번호 { $value }이에요. 응답도 같은 번호를 달고 와요.
packet-field-properties = { $value ->
    [0] 속성(property)이 없어요.
   *[other] 덧붙이는 속성(property)이 { $value }바이트만큼 있어요.
    }
packet-field-will-properties = { $value ->
    [0] 유언 메시지에 붙는 속성이 없어요.
   *[other] 유언 메시지에 붙는 속성이 { $value }바이트만큼 있어요.
    }
packet-field-property-length = { $value ->
    [0] 0이면 속성이 하나도 없다는 뜻이에요.
   *[other] 이 뒤로 { $value }바이트가 속성이에요.
    }
packet-field-property-identifier = 어떤 속성인지 알려 주는 번호예요: { $value }.
packet-field-user-property-name = 사용자 속성의 이름이에요: { $value }
packet-field-user-property-value = 사용자 속성의 값이에요: { $value }
packet-field-protocol-name = 언제나 “MQTT”예요. 다른 프로토콜이 잘못 들어온 것을 알아챌 수 있어요.
packet-field-protocol-version = { $value ->
    [4] 4는 MQTT 3.1.1이에요.
    [5] 5는 MQTT 5.0이에요.
   *[other] { $value }번 버전은 여기서 알지 못해요. 4는 MQTT 3.1.1, 5는 MQTT 5.0이에요.
    }
packet-field-connect-flags = 비트 하나하나가 연결 방법과, 뒤에 어떤 필드가 오는지를 알려 줘요.
packet-field-user-name-flag = { $value ->
    [1] 뒤에 User Name이 있어요.
   *[0] User Name이 없어요.
    }
packet-field-password-flag = { $value ->
    [1] 뒤에 Password가 있어요.
   *[0] Password가 없어요.
    }
packet-field-will-flag = { $value ->
    [1] 유언 메시지(Will Message)를 맡겨요. 인사 없이 연결이 끊기면 서버가 대신 발행해요.
   *[0] 유언 메시지를 맡기지 않아요.
    }
packet-field-will-qos = 유언 메시지는 QoS { $value }로 발행돼요.
packet-field-will-retain = { $value ->
    [1] 유언 메시지는 보관 메시지로 발행돼요.
   *[0] 유언 메시지는 보관되지 않아요.
    }
packet-field-clean-start = { $value ->
    [1] 예전 세션을 버리고 새로 시작해요.
   *[0] 예전 세션이 남아 있으면 이어서 써요.
    }
packet-field-clean-session = { $value ->
    [1] 예전 세션을 버리고 새로 시작하고, 연결이 끝나면 이 세션도 사라져요.
   *[0] 예전 세션이 남아 있으면 이어서 쓰고, 연결이 끝나도 세션이 남아요.
    }
packet-field-keep-alive = { $value ->
    [0] Keep Alive를 끄겠다는 뜻이에요. 아무리 조용해도 서버가 이것 때문에 끊지는 않아요.
   *[other] { $value }초 안에 아무것도 보내지 않으면 PINGREQ를 보내요. 그 1.5배 동안 조용하면 서버가 연결을 끊어요.
    }
packet-field-client-identifier = { $length ->
    [0] 비어 있어요. 서버에 이름을 지어 달라는 뜻이에요.
   *[other] 서버는 이 이름으로 클라이언트와 그 세션을 알아봐요: { $value }
    }
packet-field-will-topic = 유언 메시지가 발행될 토픽이에요: { $value }
packet-field-will-payload = 유언 메시지의 내용 { $length }바이트예요: { $value }
packet-field-user-name = 인증에 쓰는 사용자 이름이에요: { $value }
packet-field-password = 비밀번호 { $length }바이트예요. 여기서는 가려서 보여 줘요. 실제 연결에서 TLS를 쓰지 않으면 누구나 읽을 수 있어요.
packet-field-connect-acknowledge-flags = 마지막 비트만 쓰고, 나머지는 언제나 0이에요.
packet-field-session-present = { $value ->
    [1] 서버가 예전 세션을 기억하고 있어서 이어서 써요.
   *[0] 서버에 예전 세션이 없어서 새로 시작해요.
    }
packet-field-reason-code = 결과를 알려 주는 코드예요.
packet-field-topic-name = { $length ->
    [0] 비어 있어요. 토픽 대신 Topic Alias를 썼어요.
   *[other] 메시지가 발행되는 토픽이에요: { $value }
    }
packet-field-payload = { $length ->
    [0] 내용이 비어 있어요. RETAIN이 1이면 보관된 메시지를 지워요.
   *[other] 메시지 내용 { $length }바이트예요: { $value }
    }
packet-field-subscription = { $value }에 맞는 메시지를 많아야 QoS { $qos }로 받겠다는 구독이에요.
packet-field-topic-filter = 이 필터에 맞는 토픽의 메시지를 받아요: { $value }
packet-field-unsubscribe-filter = 이 필터의 구독을 그만둬요: { $value }
packet-field-subscription-options = 이 구독을 어떻게 처리할지 비트로 정해요.
packet-field-subscription-qos = { $value ->
    [3] QoS 3은 없어요.
   *[other] 많아야 QoS { $value }로 받아요. 더 높은 QoS로 발행된 메시지도 이 QoS로 낮춰서 와요.
    }
packet-field-no-local = { $value ->
    [1] 내가 발행한 메시지는 나에게 돌려보내지 않아요.
   *[0] 내가 발행한 메시지도 필터에 맞으면 나에게 와요.
    }
packet-field-retain-as-published = { $value ->
    [1] 발행할 때의 RETAIN 값을 그대로 두고 보내 줘요.
   *[0] 전달할 때 RETAIN을 0으로 바꿔서 보내 줘요.
    }
packet-field-retain-handling = { $value ->
    [0] 구독할 때마다 보관 메시지를 보내 줘요.
    [1] 없던 구독일 때만 보관 메시지를 보내 줘요.
    [2] 구독할 때 보관 메시지를 보내지 않아요.
   *[other] { $value }은 정해지지 않은 값이에요.
    }
packet-field-unread = 앞에서 잘못된 곳이 있어 더 읽지 못한 { $value }바이트예요.

## 속성(Property)
packet-property-payload-format-indicator = { $value ->
    [1] 내용이 UTF-8 글자예요.
   *[other] 내용이 무엇인지 정하지 않은 바이트예요.
    }
packet-property-message-expiry-interval = { $value }초가 지나도록 전달을 시작하지 못하면 메시지를 버려요.
packet-property-content-type = 내용의 종류예요. 뜻은 응용 프로그램이 정해요: { $value }
packet-property-response-topic = 대답은 이 토픽으로 보내 달라는 뜻이에요: { $value }
packet-property-correlation-data = 대답이 어느 요청의 것인지 짝을 찾는 데이터예요: { $value }
packet-property-subscription-identifier = 구독에 붙인 번호 { $value }이에요. 메시지가 어느 구독 때문에 왔는지 알 수 있어요.
packet-property-session-expiry-interval = { $value ->
    [0] 연결이 끝나면 세션도 바로 사라져요.
    [4294967295] 연결이 끝나도 세션은 사라지지 않아요.
   *[other] 연결이 끝난 뒤 { $value }초 동안 세션을 남겨 둬요.
    }
packet-property-assigned-client-identifier = 서버가 지어 준 Client Identifier예요: { $value }
packet-property-server-keep-alive = 서버가 정한 Keep Alive { $value }초예요. 클라이언트는 자기 값 대신 이 값을 써야 해요.
packet-property-authentication-method = 인증 방식의 이름이에요: { $value }
packet-property-authentication-data = 인증에 쓰는 데이터예요. 여기서는 가려서 보여 줘요.
packet-property-request-problem-information = { $value ->
    [0] 문제가 있어도 Reason String과 User Property는 (PUBLISH, CONNACK, DISCONNECT가 아니면) 보내지 말아 달라는 뜻이에요.
   *[other] 문제가 있으면 까닭을 글로도 알려 달라는 뜻이에요.
    }
packet-property-will-delay-interval = 연결이 끊긴 뒤 { $value }초 기다렸다가 유언 메시지를 발행해요. 그 안에 다시 연결하면 발행하지 않아요.
packet-property-request-response-information = { $value ->
    [1] CONNACK에 Response Information을 넣어 달라는 뜻이에요.
   *[other] CONNACK에 Response Information이 없어도 된다는 뜻이에요.
    }
packet-property-response-information = Response Topic을 만들 때 쓰라고 서버가 알려 주는 글이에요: { $value }
packet-property-server-reference = 옮겨 갈 다른 서버예요: { $value }
packet-property-reason-string = 사람이 읽으라고 적은 까닭이에요: { $value }
packet-property-receive-maximum = 확인이 끝나지 않은 QoS 1·2 메시지를 한꺼번에 { $value }개까지만 받겠다는 뜻이에요.
packet-property-topic-alias-maximum = { $value ->
    [0] Topic Alias를 받지 않겠다는 뜻이에요.
   *[other] Topic Alias를 1부터 { $value }까지 받겠다는 뜻이에요.
    }
packet-property-topic-alias = 토픽 이름을 { $value }번으로 줄여 불러요. 이 연결 안에서만 통해요.
packet-property-maximum-qos = 서버가 받아 주는 가장 높은 QoS는 { $value }이에요.
packet-property-retain-available = { $value ->
    [1] 서버가 보관 메시지를 지원해요.
   *[other] 서버가 보관 메시지를 지원하지 않아요.
    }
packet-property-user-property = 마음대로 붙인 이름과 값의 짝이에요: { $value }
packet-property-maximum-packet-size = { $value }바이트보다 긴 패킷은 받지 않겠다는 뜻이에요.
packet-property-wildcard-subscription-available = { $value ->
    [1] 와일드카드(+, #) 구독을 지원해요.
   *[other] 와일드카드(+, #) 구독을 지원하지 않아요.
    }
packet-property-subscription-identifiers-available = { $value ->
    [1] Subscription Identifier를 지원해요.
   *[other] Subscription Identifier를 지원하지 않아요.
    }
packet-property-shared-subscription-available = { $value ->
    [1] 공유 구독($share)을 지원해요.
   *[other] 공유 구독($share)을 지원하지 않아요.
    }

## Reason Code
packet-reason-00 = 잘됐어요.
packet-reason-00-disconnect = 정상적으로 끝내요. 유언 메시지는 발행하지 않아요.
packet-reason-00-subscribe = 구독했어요. 많아야 QoS 0으로 보내 줘요.
packet-reason-01 = 구독했어요. 많아야 QoS 1로 보내 줘요.
packet-reason-02 = 구독했어요. 많아야 QoS 2로 보내 줘요.
packet-reason-04 = 연결은 끝내지만 유언 메시지는 발행해 달라는 뜻이에요.
packet-reason-10 = 메시지는 받았지만 구독한 클라이언트가 하나도 없어요.
packet-reason-11 = 그만둘 구독이 원래 없었어요.
packet-reason-18 = 인증을 다음 단계로 이어 가요.
packet-reason-19 = 연결된 채로 인증을 다시 시작해요.
packet-reason-80 = 실패했어요. 까닭은 밝히지 않거나 다른 코드에 맞지 않아요.
packet-reason-81 = 받은 패킷을 명세대로 읽을 수 없었어요.
packet-reason-82 = 받은 패킷이 프로토콜에서 허락하지 않는 내용이거나 올 때가 아니었어요.
packet-reason-83 = 패킷은 올바르지만 이 구현이 처리할 수 없어요.
packet-reason-84 = 서버가 이 버전의 MQTT를 지원하지 않아요.
packet-reason-85 = Client Identifier를 서버가 받아들이지 않아요.
packet-reason-86 = User Name이나 Password가 맞지 않아요.
packet-reason-87 = 그럴 권한이 없어요.
packet-reason-88 = 서버가 지금 일을 할 수 없어요.
packet-reason-89 = 서버가 바빠요. 나중에 다시 해 보세요.
packet-reason-8a = 이 클라이언트는 관리자가 막아 두었어요.
packet-reason-8b = 서버가 꺼지는 중이에요.
packet-reason-8c = 인증 방식을 지원하지 않거나, 처음에 쓰던 방식과 달라요.
packet-reason-8d = Keep Alive의 1.5배 동안 아무 패킷도 오지 않았어요.
packet-reason-8e = 같은 Client Identifier로 다른 연결이 들어와서 이 연결은 자리를 내줘요.
packet-reason-8f = 토픽 필터를 받아들일 수 없어요.
packet-reason-90 = 토픽 이름을 받아들일 수 없어요.
packet-reason-91 = 이 Packet Identifier는 이미 쓰이고 있어요.
packet-reason-92 = 이 Packet Identifier는 모르는 번호예요. 양쪽의 세션 상태가 서로 달라요.
packet-reason-93 = 확인하지 못한 메시지가 Receive Maximum보다 많이 왔어요.
packet-reason-94 = Topic Alias가 허락된 범위를 벗어났어요.
packet-reason-95 = 패킷이 받을 수 있는 크기보다 커요.
packet-reason-96 = 메시지가 너무 자주 와요.
packet-reason-97 = 정해 둔 한도를 넘었어요.
packet-reason-98 = 관리자가 연결을 끝냈어요.
packet-reason-99 = 내용이 Payload Format Indicator에서 말한 형식과 달라요.
packet-reason-9a = 서버가 보관 메시지를 지원하지 않아요.
packet-reason-9b = 서버가 이렇게 높은 QoS를 지원하지 않아요.
packet-reason-9c = 당분간 다른 서버를 쓰세요.
packet-reason-9d = 서버가 아주 옮겨 갔어요. 앞으로는 다른 서버를 쓰세요.
packet-reason-9e = 서버가 공유 구독을 지원하지 않아요.
packet-reason-9f = 연결이 너무 자주 들어와요.
packet-reason-a0 = 이 연결에 허락된 시간이 다 됐어요.
packet-reason-a1 = 서버가 Subscription Identifier를 지원하지 않아요.
packet-reason-a2 = 서버가 와일드카드 구독을 지원하지 않아요.

## 잘못된 패킷
packet-error-cut-short = { $field }에 { $needed }바이트가 필요한데 { $left }바이트만 남았어요.
packet-error-reserved-type = 패킷 종류 { $value }은 이 버전에서 쓰지 않아요.
packet-error-flags = { $field }의 첫 바이트 뒤 4비트는 { $value }이어야 해요.
packet-error-too-short = Remaining Length가 말한 것보다 { $value }바이트 모자라요.
packet-error-too-long = Remaining Length가 말한 것보다 { $value }바이트 더 있어요.
packet-error-trailing = { $field } 패킷이 끝난 뒤에 { $value }바이트가 더 들어 있어요.
packet-error-too-large = 패킷이 { $value }바이트예요. 받을 수 있는 크기는 { $maximum }바이트까지예요.
packet-error-variable-too-long = { $field }: Variable Byte Integer는 4바이트를 넘을 수 없어요.
packet-error-variable-not-shortest = { $field }: Variable Byte Integer는 가장 짧은 꼴로 적어야 해요.
packet-error-not-utf8 = { $field }: 올바른 UTF-8이 아니에요.
packet-error-null-character = { $field }: 글자 U+0000은 넣을 수 없어요.
packet-error-packet-identifier-zero = Packet Identifier는 0일 수 없어요.
packet-error-topic-empty = { $field }: 적어도 한 글자가 있어야 해요.
packet-error-topic-too-long = { $field }: UTF-8로 65535바이트를 넘을 수 없어요.
packet-error-wildcard-in-name = { $field } “{ $value }”: 토픽 이름에는 +와 #을 쓸 수 없어요. 필터에만 써요.
packet-error-multi-level-wildcard = { $field } “{ $value }”: #은 마지막 단계에 혼자 있어야 해요.
packet-error-single-level-wildcard = { $field } “{ $value }”: +는 한 단계를 혼자 차지해야 해요.
packet-error-share-name = { $field } “{ $value }”: 공유 구독은 $share/이름/필터 꼴이어야 해요.
packet-error-qos-3 = { $field }: QoS는 0, 1, 2뿐이에요. 3은 없어요.
packet-error-dup-at-qos-0 = QoS 0인 PUBLISH는 다시 보내는 일이 없으니 DUP이 0이어야 해요.
packet-error-no-topic-no-alias = 토픽 이름이 비어 있어요. Topic Alias가 있을 때만 비울 수 있어요.
packet-error-protocol-name = 프로토콜 이름이 “MQTT”가 아니라 “{ $value }”예요.
packet-error-protocol-version = 프로토콜 버전 { $value }은 지원하지 않아요. 4(3.1.1)나 5(5.0)를 쓰세요.
packet-error-reserved-bits = { $field }: 예약된 비트는 0이어야 해요.
packet-error-without-will = { $field }: Will Flag가 0이면 0이어야 해요.
packet-error-password-without-user-name = MQTT 3.1.1에서는 User Name 없이 Password만 보낼 수 없어요.
packet-error-session-present = 연결을 거절할 때는 Session Present가 0이어야 해요.
packet-error-no-filters = 토픽 필터가 적어도 하나 있어야 해요.
packet-error-no-reason-codes = 토픽 필터마다 Reason Code가 하나씩 있어야 해요.
packet-error-retain-handling-3 = Retain Handling은 0, 1, 2뿐이에요. 3은 없어요.
packet-error-shared-no-local = 공유 구독에는 No Local을 쓸 수 없어요.
packet-error-reason-code = { $field } { $value }은 이 패킷에서 쓸 수 없어요.
packet-error-no-authentication-method = Authentication Method가 빠졌어요.
packet-error-property-length = { $field }의 길이 { $value }바이트가 패킷의 끝을 넘어요.
packet-error-property-unknown = 속성 번호 { $value }은 MQTT 5.0에 없어요.
packet-error-property-misplaced = { $field } 속성은 이 패킷에 올 수 없어요.
packet-error-property-repeated = { $field } 속성은 한 번만 올 수 있어요.
packet-error-property-value = { $field } 속성은 { $value }일 수 없어요.
