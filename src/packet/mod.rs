//! MQTT Control Packets ⇄ bytes, in MQTT 3.1.1 and 5.0.
