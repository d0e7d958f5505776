//! Brokers that people know, as settings of this one.
//!
//! A profile says only what the vendor documents and this broker has; all else is as in [`BrokerConfig::default`]. It makes this broker behave *as far as these
//! settings go*; it is no claim about anything else. Vendors change their limits: each profile names its document, which of its settings were read there and when,
//! and which were not looked up again ("as known"): check those before you rely on them.

use super::{BrokerConfig, ConnectRate};
use crate::packet::QoS;
use crate::time::Duration;

/// A broker or service whose documented limits this broker can take on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Eclipse Mosquitto 2.0.
    Mosquitto,
    /// EMQX 5.
    Emqx,
    /// HiveMQ Community Edition.
    Hivemq,
    /// VerneMQ.
    Vernemq,
    /// RabbitMQ with its MQTT plugin.
    Rabbitmq,
    /// AWS IoT Core.
    AwsIotCore,
    /// Azure IoT Hub.
    AzureIotHub,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 7] =
        [Self::Mosquitto, Self::Emqx, Self::Hivemq, Self::Vernemq, Self::Rabbitmq, Self::AwsIotCore, Self::AzureIotHub];

    /// The name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mosquitto => "mosquitto",
            Self::Emqx => "emqx",
            Self::Hivemq => "hivemq",
            Self::Vernemq => "vernemq",
            Self::Rabbitmq => "rabbitmq",
            Self::AwsIotCore => "aws-iot-core",
            Self::AzureIotHub => "azure-iot-hub",
        }
    }

    /// The profile with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The settings.
    #[must_use]
    pub fn config(self) -> BrokerConfig {
        let base = BrokerConfig::default();
        match self {
            // mosquitto.conf(5) and mosquitto(8) of 2.0.11, read 2026-11-24. Where Mosquitto has no limit, this broker keeps its own.
            Self::Mosquitto => BrokerConfig {
                receive_maximum: 20,
                max_inflight: 20,
                maximum_packet_size: MAXIMUM,
                max_queued_messages: 1_000,
                queue_qos_zero: false,
                persistence: false,
                ..base
            },
            // docs.emqx.com/en/emqx/latest/configuration/mqtt.md, read 2026-11-24: packet size, topic levels, topic alias. As known: `max_inflight`, which is its
            // Receive Maximum too, the queue's length, and QoS 0 in it.
            Self::Emqx => BrokerConfig {
                maximum_packet_size: 1_048_576,
                max_topic_levels: 128,
                receive_maximum: 32,
                max_inflight: 32,
                max_queued_messages: 1_000,
                queue_qos_zero: true,
                topic_alias_maximum: u16::MAX,
                ..base
            },
            // docs.hivemq.com/hivemq-edge/mqtt-specific-configuration.html, read 2026-11-24: packet size, Receive Maximum. The queue's length is from a copy of the
            // Community Edition's settings, read the same day. As known: topic alias.
            Self::Hivemq => BrokerConfig {
                maximum_packet_size: MAXIMUM,
                receive_maximum: 10,
                max_queued_messages: 1_000,
                topic_alias_maximum: 5,
                ..base
            },
            // docs.vernemq.com: `max_inflight_messages`, `max_offline_messages`, `max_message_size`; all as known.
            Self::Vernemq => BrokerConfig { maximum_packet_size: MAXIMUM, max_inflight: 20, max_queued_messages: 1_000, ..base },
            // rabbitmq.com/docs/mqtt, read 2026-11-24: QoS 0 and 1 only. As known: no shared subscriptions, `mqtt.prefetch`,
            // `mqtt.max_session_expiry_interval_seconds`, `mqtt.topic_alias_maximum`.
            Self::Rabbitmq => BrokerConfig {
                maximum_qos: QoS::AtLeastOnce,
                max_inflight: 10,
                session_expiry_max: 86_400,
                topic_alias_maximum: 16,
                shared_subscription_available: false,
                ..base
            },
            // docs.aws.amazon.com/general/latest/gr/iot-core.html, "message broker and protocol limits and quotas". From what AWS says of its SDK, read 2026-11-24:
            // eight levels. All else as known. Quotas of the account (connections, messages a second) are left out; a session lives for an hour unless the
            // account asks for more.
            Self::AwsIotCore => BrokerConfig {
                maximum_qos: QoS::AtLeastOnce,
                max_payload: Some(131_072),
                max_topic_levels: 8,
                max_subscriptions: 50,
                receive_maximum: 100,
                max_inflight: 100,
                max_keep_alive: Some(1_200),
                session_expiry_max: 3_600,
                topic_alias_maximum: 8,
                connect_rate_per_client: Some(ConnectRate { connects: 1, per: Duration::from_secs(1) }),
                ..base
            },
            // learn.microsoft.com/azure/iot/iot-mqtt-5-preview, "Level of support and limitations"; read 2026-11-24. That clients may use only the topics of
            // their device is a matter of access control.
            Self::AzureIotHub => BrokerConfig {
                maximum_qos: QoS::AtLeastOnce,
                retain_available: false,
                maximum_packet_size: 262_144,
                allow_empty_client_id: false,
                max_keep_alive: Some(1_140),
                topic_alias_maximum: 10,
                shared_subscription_available: false,
                subscription_identifiers_available: false,
                ..base
            },
        }
    }
}

/// The largest MQTT Control Packet: 256 MiB - 1 of Remaining Length, and five bytes before it.
const MAXIMUM: u32 = 268_435_460;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_is_found_by_its_name_and_differs_from_the_default() {
        for profile in Profile::ALL {
            assert_eq!(Profile::from_name(profile.name()), Some(profile));
            assert_ne!(profile.config(), BrokerConfig::default(), "{}", profile.name());
        }
        assert_eq!(Profile::from_name("Mosquitto"), None);
    }
}
