## Why a publish was not kept
client-dropped-offline-qos-0 = QoS 0 messages are not kept while there is no connection.
client-dropped-queue-full = The queue is full: at most { $limit } publishes can wait.
client-dropped-power-cut = The power was cut, and the message was only in memory.
client-dropped-session-ended = The session ended with the connection, so the unacknowledged message was dropped. To carry on, set a Session Expiry Interval above 0; in 3.1.1, Clean Session 0.
client-dropped-clean-start = Clean Start began a new session, so the message of the earlier one was dropped. [MQTT-3.1.2-4]
client-dropped-session-not-present = The server does not remember the session (Session Present 0), so the client has to discard its Session State too. [MQTT-3.2.2-5]
client-dropped-server-limit = The server ruled this publish out in CONNACK: { $limit }

## What a server did wrong
client-server-before-connack = The server sent { $packet } before CONNACK.
client-server-second-connack = The server sent CONNACK twice on one connection.
client-server-client-only-packet = The server sent { $packet }, which only a client may send.
client-server-refused-with-session-present = The server refused the connection, yet set Session Present to 1.
client-server-connack-reason = CONNACK can't have this Reason Code: { $reason }
client-server-session-present-after-clean-start = The client asked for Clean Start, yet the server set Session Present to 1.
client-server-session-present-unknown = The server has a session (Session Present 1), but the client has no Session State. It closes the connection, and starts anew with Clean Start next time.
client-server-no-assigned-client-id = The client left its Client Identifier empty, and the server did not assign one.
client-server-unasked-response-information = The server sent Response Information that nobody had asked for.
client-server-unasked-authentication = The server began an extended authentication (AUTH), though CONNECT had no Authentication Method.
client-server-topic-alias = The server used Topic Alias { $alias }, though the client allows none.
client-server-no-topic = The PUBLISH has neither a Topic Name nor a Topic Alias.
client-server-receive-maximum = The server sent more than { $maximum } unacknowledged QoS 1 and 2 messages (Receive Maximum).
client-server-packet-id-in-use = The server used Packet Identifier { $id } again, which belongs to a QoS 2 message that is not finished.
client-server-unknown-packet-id = There is no request with Packet Identifier { $id } that this { $packet } could answer.
client-server-out-of-turn = Packet Identifier { $id } does not wait for { $packet } now.
client-server-answer-count = { $packet } has { $actual } Reason Codes for { $expected } Topic Filters.
client-server-unasked-pingresp = PINGRESP came although no PINGREQ was sent.
client-server-disconnect-reason = DISCONNECT from a server can't have this Reason Code: { $reason }
client-server-disconnect-session-expiry = DISCONNECT from a server must not have a Session Expiry Interval.
client-server-maximum-packet-size = The server's Maximum Packet Size is { $maximum } bytes: not even { $packet } can be sent.
