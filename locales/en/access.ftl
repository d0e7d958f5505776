# Who may do what: passwords, access control lists, enhanced authentication.
access-scram-malformed = The SCRAM message does not have the form that RFC 5802 gives it.
access-scram-channel-binding = The Client wants channel binding, which this broker does not offer, or bound to something else than it said first.
access-scram-extension = The peer demands a SCRAM extension, and none is known here.
access-scram-authorization-identity = Acting in the name of another user is not possible.
access-scram-prohibited = The user name or password is empty or has a character that SASLprep forbids.
access-scram-nonce = The nonce is not the one of this exchange.
access-scram-iterations = The iteration count of SCRAM has to be from { $min } to { $max }.
access-scram-wrong-proof = There is no such user, or the password is wrong.
access-scram-wrong-signature = The Server does not know the user's keys: it is not who it says it is.
access-scram-server-refused = The Server ended the exchange with an error.
