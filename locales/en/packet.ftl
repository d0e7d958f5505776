### Explains the fields of MQTT packets, Reason Codes and errors. The specification's names stay as they are.

## Packet types
packet-type-connect = The first packet: a Client asks a Server for a connection.
packet-type-connack = The Server's answer to CONNECT.
packet-type-publish = Carries a message.
packet-type-puback = Confirms that a QoS 1 message has arrived.
packet-type-pubrec = Second step of QoS 2: the message has been received and is kept.
packet-type-pubrel = Third step of QoS 2: the sender lets go of the message, so the receiver may complete it.
packet-type-pubcomp = Last step of QoS 2: the delivery is complete.
packet-type-subscribe = Tells the Server which topics the Client wants to receive.
packet-type-suback = The answer to SUBSCRIBE, with one result for each subscription.
packet-type-unsubscribe = Tells the Server to end subscriptions.
packet-type-unsuback = The answer to UNSUBSCRIBE.
packet-type-pingreq = Asks: “I am still here, are you?”
packet-type-pingresp = The answer to PINGREQ.
packet-type-disconnect = The last packet: a goodbye before the connection is closed.
packet-type-auth = One step of an authentication that needs more than one password. Only in MQTT 5.0.
packet-type-reserved = A reserved value: there is no such packet.

## Fields
packet-field-fixed-header = The part that all packets have: what kind of packet it is, and how long.
packet-field-variable-header = The part of the header that depends on the kind of packet.
packet-field-payload-section = What the packet carries.
packet-field-first-byte = The high four bits are the packet type ({ $value }), the low four bits are flags.
packet-field-packet-type = The packet type.
packet-field-reserved = Always { $value } in this kind of packet. With anything else, the receiver closes the connection.
packet-field-reserved-zero = Not used yet, so it has to be 0.
packet-field-dup = { $value ->
    [1] This PUBLISH has been sent before and is sent again, after the connection broke and was resumed.
   *[0] This PUBLISH is sent for the first time.
    }
packet-field-qos = { $value ->
    [0] QoS 0: arrives at most once. Nothing confirms it.
    [1] QoS 1: arrives at least once. A PUBACK confirms it; duplicates are possible.
    [2] QoS 2: arrives exactly once, in four steps with PUBREC, PUBREL and PUBCOMP.
   *[other] There is no QoS { $value }, only 0, 1 and 2.
    }
packet-field-retain = { $value ->
    [1] A retained message. From a Client: the Server keeps it as the last value of this topic. From a Server: it is such a kept value.
   *[0] An ordinary message that is not kept.
    }
packet-field-remaining-length = { $value } bytes follow.
packet-field-length = { $value } bytes of content follow.
packet-field-packet-identifier = Number { $value } names this exchange. The answer carries the same number.
packet-field-properties = { $value ->
    [0] No properties.
   *[other] { $value } bytes of properties.
    }
packet-field-will-properties = { $value ->
    [0] The Will Message has no properties.
   *[other] { $value } bytes of properties of the Will Message.
    }
packet-field-property-length = { $value ->
    [0] 0 means that there are no properties.
   *[other] { $value } bytes of properties follow.
    }
packet-field-property-identifier = The number of the property: { $value }.
packet-field-user-property-name = The name of the User Property: { $value }
packet-field-user-property-value = The value of the User Property: { $value }
packet-field-protocol-name = Always “MQTT”, so that a connection meant for another protocol is noticed.
packet-field-protocol-version = { $value ->
    [4] 4 is MQTT 3.1.1.
    [5] 5 is MQTT 5.0.
   *[other] Version { $value } is not known here. 4 is MQTT 3.1.1, 5 is MQTT 5.0.
    }
packet-field-connect-flags = Each bit says how to connect, or which fields follow.
packet-field-user-name-flag = { $value ->
    [1] A User Name follows.
   *[0] There is no User Name.
    }
packet-field-password-flag = { $value ->
    [1] A Password follows.
   *[0] There is no Password.
    }
packet-field-will-flag = { $value ->
    [1] The Client leaves a Will Message: if it goes without a goodbye, the Server publishes it.
   *[0] The Client leaves no Will Message.
    }
packet-field-will-qos = The Will Message is published at QoS { $value }.
packet-field-will-retain = { $value ->
    [1] The Will Message is published as a retained message.
   *[0] The Will Message is not retained.
    }
packet-field-clean-start = { $value ->
    [1] Throws away any earlier session and starts a new one.
   *[0] Continues an earlier session if there is one.
    }
packet-field-clean-session = { $value ->
    [1] Throws away any earlier session; the new one ends together with the connection.
   *[0] Continues an earlier session if there is one; it outlives the connection.
    }
packet-field-keep-alive = { $value ->
    [0] Keep Alive is off: the Server does not close the connection for silence.
   *[other] With nothing to send for { $value } seconds, the Client sends a PINGREQ. After 1.5 times that of silence, the Server closes the connection.
    }
packet-field-client-identifier = { $length ->
    [0] Empty: the Server is asked to choose a name.
   *[other] The Server knows the Client and its session by this name: { $value }
    }
packet-field-will-topic = The Will Message will be published to this topic: { $value }
packet-field-will-payload = The { $length } bytes of the Will Message: { $value }
packet-field-user-name = The User Name for authentication: { $value }
packet-field-password = A password of { $length } bytes, hidden here. On a real connection without TLS, anyone on the way can read it.
packet-field-connect-acknowledge-flags = Only the last bit is used, all others are 0.
packet-field-session-present = { $value ->
    [1] The Server remembers an earlier session and continues it.
   *[0] The Server has no earlier session: this is a new one.
    }
packet-field-reason-code = Tells the result.
packet-field-topic-name = { $length ->
    [0] Empty: a Topic Alias stands for the topic.
   *[other] The message is published to this topic: { $value }
    }
packet-field-payload = { $length ->
    [0] An empty message. With RETAIN 1 it removes the retained message.
   *[other] The { $length } bytes of the message: { $value }
    }
packet-field-subscription = Asks for messages that match { $value }, at QoS { $qos } at most.
packet-field-topic-filter = Messages to topics that match this filter are delivered: { $value }
packet-field-unsubscribe-filter = The subscription with this filter ends: { $value }
packet-field-subscription-options = Bits that say how to treat this subscription.
packet-field-subscription-qos = { $value ->
    [3] There is no QoS 3.
   *[other] QoS { $value } at most. Messages that were published at a higher QoS arrive at this one.
    }
packet-field-no-local = { $value ->
    [1] Messages that this Client publishes do not come back to it.
   *[0] Messages that this Client publishes come back to it if they match.
    }
packet-field-retain-as-published = { $value ->
    [1] RETAIN arrives as the publisher set it.
   *[0] RETAIN is set to 0 in forwarded messages.
    }
packet-field-retain-handling = { $value ->
    [0] Retained messages are sent at each subscribe.
    [1] Retained messages are sent only if the subscription is new.
    [2] No retained messages are sent at subscribe.
   *[other] { $value } is not defined.
    }
packet-field-unread = { $value } bytes that could not be read because something is wrong before or in them.

## Properties
packet-property-payload-format-indicator = { $value ->
    [1] The message is UTF-8 text.
   *[other] The message is bytes of no stated kind.
    }
packet-property-message-expiry-interval = If its delivery has not begun within { $value } seconds, the message is dropped.
packet-property-content-type = The kind of content; its meaning is up to the applications: { $value }
packet-property-response-topic = Answers should go to this topic: { $value }
packet-property-correlation-data = Tells the sender of a request which answer belongs to it: { $value }
packet-property-subscription-identifier = Number { $value } of a subscription. It tells which subscription brought a message.
packet-property-session-expiry-interval = { $value ->
    [0] The session ends together with the connection.
    [4294967295] The session never expires.
   *[other] The session is kept for { $value } seconds after the connection ends.
    }
packet-property-assigned-client-identifier = The Client Identifier that the Server has chosen: { $value }
packet-property-server-keep-alive = The Server's Keep Alive of { $value } seconds. The Client has to use it instead of its own.
packet-property-authentication-method = The name of the authentication method: { $value }
packet-property-authentication-data = Data for authentication, hidden here.
packet-property-request-problem-information = { $value ->
    [0] Asks for no Reason String and no User Properties, except in PUBLISH, CONNACK and DISCONNECT.
   *[other] Asks for reasons in words when something goes wrong.
    }
packet-property-will-delay-interval = The Server waits { $value } seconds after the connection has ended before it publishes the Will Message. A reconnection in time cancels it.
packet-property-request-response-information = { $value ->
    [1] Asks for Response Information in the CONNACK.
   *[other] Asks for no Response Information in the CONNACK.
    }
packet-property-response-information = The Server's hint for making Response Topics: { $value }
packet-property-server-reference = Another Server to use: { $value }
packet-property-reason-string = The reason in words, for people: { $value }
packet-property-receive-maximum = Takes at most { $value } QoS 1 and 2 messages at a time that are not yet completely acknowledged.
packet-property-topic-alias-maximum = { $value ->
    [0] Accepts no Topic Aliases.
   *[other] Accepts Topic Aliases from 1 to { $value }.
    }
packet-property-topic-alias = Number { $value } stands for the topic name, on this connection only.
packet-property-maximum-qos = The highest QoS that the Server supports is { $value }.
packet-property-retain-available = { $value ->
    [1] The Server supports retained messages.
   *[other] The Server does not support retained messages.
    }
packet-property-user-property = A name and a value of anyone's choice: { $value }
packet-property-maximum-packet-size = Accepts no packet of more than { $value } bytes.
packet-property-wildcard-subscription-available = { $value ->
    [1] The Server supports wildcards (+ and #) in subscriptions.
   *[other] The Server does not support wildcards (+ and #) in subscriptions.
    }
packet-property-subscription-identifiers-available = { $value ->
    [1] The Server supports Subscription Identifiers.
   *[other] The Server does not support Subscription Identifiers.
    }
packet-property-shared-subscription-available = { $value ->
    [1] The Server supports Shared Subscriptions ($share).
   *[other] The Server does not support Shared Subscriptions ($share).
    }

## Reason Codes
packet-reason-00 = It worked.
packet-reason-00-disconnect = A normal end. The Will Message is not published.
packet-reason-00-subscribe = Subscribed; messages arrive at QoS 0.
packet-reason-01 = Subscribed; messages arrive at QoS 1 at most.
packet-reason-02 = Subscribed; messages arrive at QoS 2 at most.
packet-reason-04 = Ends the connection, but the Will Message is to be published.
packet-reason-10 = The message was accepted, but nobody has subscribed to it.
packet-reason-11 = There was no such subscription.
packet-reason-18 = The authentication goes on with another step.
packet-reason-19 = Starts the authentication again while connected.
packet-reason-80 = It failed. The reason is not told, or no other code fits.
packet-reason-81 = The packet could not be read according to the specification.
packet-reason-82 = The packet says what the protocol does not allow, or came out of turn.
packet-reason-83 = The packet is valid, but this implementation cannot process it.
packet-reason-84 = The Server does not support this version of MQTT.
packet-reason-85 = The Server does not accept the Client Identifier.
packet-reason-86 = The User Name or the Password is wrong.
packet-reason-87 = This is not permitted.
packet-reason-88 = The Server is not available.
packet-reason-89 = The Server is busy. Try again later.
packet-reason-8a = The Client has been banned by an administrator.
packet-reason-8b = The Server is shutting down.
packet-reason-8c = The authentication method is not supported, or is not the one in use.
packet-reason-8d = No packet has come for 1.5 times the Keep Alive time.
packet-reason-8e = Another connection with the same Client Identifier has taken over.
packet-reason-8f = The Topic Filter is not accepted.
packet-reason-90 = The Topic Name is not accepted.
packet-reason-91 = This Packet Identifier is already in use.
packet-reason-92 = This Packet Identifier is not known: the two sides disagree about the session.
packet-reason-93 = More unacknowledged messages have come than Receive Maximum allows.
packet-reason-94 = The Topic Alias is outside of the permitted range.
packet-reason-95 = The packet is larger than can be accepted.
packet-reason-96 = Messages come too fast.
packet-reason-97 = A limit has been exceeded.
packet-reason-98 = An administrator has closed the connection.
packet-reason-99 = The payload is not what the Payload Format Indicator says.
packet-reason-9a = The Server does not support retained messages.
packet-reason-9b = The Server does not support a QoS this high.
packet-reason-9c = Use another Server for now.
packet-reason-9d = The Server has moved: use the other one from now on.
packet-reason-9e = The Server does not support Shared Subscriptions.
packet-reason-9f = Connections come too fast.
packet-reason-a0 = The time allowed for this connection is over.
packet-reason-a1 = The Server does not support Subscription Identifiers.
packet-reason-a2 = The Server does not support wildcards in subscriptions.

## Packets that are wrong
packet-error-cut-short = { $field } needs { $needed } bytes, but only { $left } are left.
packet-error-reserved-type = Packet type { $value } is not used in this version.
packet-error-flags = The low four bits of the first byte of { $field } have to be { $value }.
packet-error-too-short = { $value } bytes are missing of what Remaining Length says.
packet-error-too-long = There are { $value } bytes more than Remaining Length says.
packet-error-trailing = { $value } bytes follow after the end of the { $field } packet's content.
packet-error-too-large = The packet has { $value } bytes; at most { $maximum } are accepted.
packet-error-variable-too-long = { $field }: a Variable Byte Integer has at most four bytes.
packet-error-variable-not-shortest = { $field }: a Variable Byte Integer has to use as few bytes as possible.
packet-error-not-utf8 = { $field } is not valid UTF-8.
packet-error-null-character = { $field } contains the character U+0000, which is not allowed.
packet-error-packet-identifier-zero = A Packet Identifier is never 0.
packet-error-topic-empty = { $field } needs at least one character.
packet-error-topic-too-long = { $field } is longer than 65535 bytes of UTF-8.
packet-error-wildcard-in-name = { $field } “{ $value }”: + and # are for filters, not for topic names.
packet-error-multi-level-wildcard = { $field } “{ $value }”: # has to stand alone in the last level.
packet-error-single-level-wildcard = { $field } “{ $value }”: + has to stand alone in its level.
packet-error-share-name = { $field } “{ $value }”: a Shared Subscription has the form $share/name/filter.
packet-error-qos-3 = { $field }: there is no QoS 3, only 0, 1 and 2.
packet-error-dup-at-qos-0 = A PUBLISH at QoS 0 is never sent again, so its DUP has to be 0.
packet-error-no-topic-no-alias = The Topic Name is empty, which needs a Topic Alias.
packet-error-protocol-name = The protocol name is not “MQTT” but “{ $value }”.
packet-error-protocol-version = Protocol version { $value } is not supported. Use 4 (3.1.1) or 5 (5.0).
packet-error-reserved-bits = { $field }: reserved bits have to be 0.
packet-error-without-will = { $field } has to be 0 while the Will Flag is 0.
packet-error-password-without-user-name = MQTT 3.1.1 has no Password without a User Name.
packet-error-session-present = A refusal has Session Present 0.
packet-error-no-filters = At least one Topic Filter is needed.
packet-error-no-reason-codes = One Reason Code is needed for each Topic Filter.
packet-error-retain-handling-3 = There is no Retain Handling 3, only 0, 1 and 2.
packet-error-shared-no-local = No Local cannot be used with a Shared Subscription.
packet-error-reason-code = { $field } { $value } cannot be used in this packet.
packet-error-no-authentication-method = The Authentication Method is missing.
packet-error-property-length = The { $value } bytes of { $field } go beyond the end of the packet.
packet-error-property-unknown = There is no property { $value } in MQTT 5.0.
packet-error-property-misplaced = The property { $field } has no place in this packet.
packet-error-property-repeated = The property { $field } may stand only once.
packet-error-property-value = The property { $field } cannot be { $value }.
