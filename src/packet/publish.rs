//! PUBLISH (5.0 §3.3).

use bytes::Bytes;
use bytestring::ByteString;
use smallvec::SmallVec;

use super::codec::{PAYLOAD, VARIABLE_HEADER};
use super::primitive::{Label, Rule};
use super::property::{PROPERTIES, Properties, PropertyId, PropertyOutput as _, write_properties};
use super::reader::{Reader, Sink};
use super::writer::{Output, require};
use super::{DecodeError, EncodeError, PacketId, ProtocolVersion, QoS, TopicName, UserProperties};
use crate::text::key;

/// PUBLISH: carries an Application Message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Publish {
    /// DUP; false at QoS 0 [MQTT-3.3.1-2].
    pub dup: bool,
    /// QoS.
    pub qos: QoS,
    /// RETAIN.
    pub retain: bool,
    /// Topic Name; empty only together with a Topic Alias.
    pub topic: TopicName,
    /// Packet Identifier: present exactly at QoS 1 and 2.
    pub packet_id: Option<PacketId>,
    /// Properties; default in 3.1.1.
    pub properties: PublishProperties,
    /// Payload, shared with the bytes it was read from.
    pub payload: Bytes,
}

/// PUBLISH Properties (5.0 §3.3.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PublishProperties {
    /// Payload Format Indicator: true for UTF-8 text.
    pub payload_format_indicator: Option<bool>,
    /// Message Expiry Interval in seconds.
    pub message_expiry_interval: Option<u32>,
    /// Topic Alias. Never 0.
    pub topic_alias: Option<u16>,
    /// Response Topic.
    pub response_topic: Option<TopicName>,
    /// Correlation Data.
    pub correlation_data: Option<Bytes>,
    /// User Properties.
    pub user_properties: UserProperties,
    /// Subscription Identifiers, 1 to 268 435 455.
    pub subscription_identifiers: SmallVec<[u32; 1]>,
    /// Content Type.
    pub content_type: Option<ByteString>,
}

const TOPIC_NAME: Label = Label::new("Topic Name", "MQTT-3.3.2-1", "MQTT-3.3.2-1", key::PACKET_FIELD_TOPIC_NAME);
const APPLICATION_MESSAGE: Label = Label::new("Application Message", "3.1.1 §3.3.3", "5.0 §3.3.3", key::PACKET_FIELD_PAYLOAD);

const QOS_3: Rule = Rule::malformed("MQTT-3.3.1-4", "MQTT-3.3.1-4", key::PACKET_ERROR_QOS_3);
const DUP_AT_QOS_0: Rule = Rule::malformed("MQTT-3.3.1-2", "MQTT-3.3.1-2", key::PACKET_ERROR_DUP_AT_QOS_0);
// 0x90 Topic Name invalid is for names that are correctly formed and not accepted (5.0 §3.14.2.1).
const WILDCARD: Rule = Rule::malformed("MQTT-3.3.2-2", "MQTT-3.3.2-2", key::PACKET_ERROR_WILDCARD_IN_NAME);
const NO_TOPIC: Rule = Rule::protocol_error("MQTT-4.7.3-1", "5.0 §3.3.2.1", key::PACKET_ERROR_NO_TOPIC_NO_ALIAS);

impl Publish {
    /// Bits 3 to 0 of the first byte (5.0 §3.3.1).
    pub(super) fn flags(&self) -> u8 {
        u8::from(self.dup).wrapping_shl(3) | u8::from(self.qos).wrapping_shl(1) | u8::from(self.retain)
    }

    #[inline]
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>, flags: u8) -> Result<Self, DecodeError> {
        let (dup, retain) = (flags & 0b1000 != 0, flags & 0b0001 != 0);
        let Ok(qos) = QoS::try_from(flags.wrapping_shr(1) & 0b11) else { return Err(r.broken(&QOS_3, 0, "QoS", 3_u8)) };
        if dup && qos == QoS::AtMostOnce {
            return Err(r.broken(&DUP_AT_QOS_0, 0, "DUP", 1_u8));
        }
        r.section(&VARIABLE_HEADER);
        let topic_at = r.position();
        let topic = r.topic_name(&TOPIC_NAME, &WILDCARD, r.version == ProtocolVersion::V5)?;
        let packet_id = if qos == QoS::AtMostOnce { None } else { Some(r.packet_id()?) };
        let properties = if r.version == ProtocolVersion::V5 { PublishProperties::read(r)? } else { PublishProperties::default() };
        if topic.is_empty() && properties.topic_alias.is_none() {
            return Err(r.broken(&NO_TOPIC, topic_at, TOPIC_NAME.name, ""));
        }
        r.close();
        r.section(&PAYLOAD);
        let payload = r.all_bytes(&APPLICATION_MESSAGE);
        r.close();
        Ok(Self { dup, qos, retain, topic, packet_id, properties, payload })
    }

    /// All but the payload.
    #[inline]
    pub(super) fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        let (no_packet_id, packet_id) = match out.version() {
            ProtocolVersion::V311 => ("MQTT-2.3.1-5", "MQTT-2.3.1-1"),
            ProtocolVersion::V5 => ("MQTT-2.2.1-2", "MQTT-2.2.1-3"),
        };
        let has_packet_id = self.packet_id.is_some();
        if self.qos == QoS::AtMostOnce {
            require(!self.dup, "DUP", "MQTT-3.3.1-2")?;
            require(!has_packet_id, "Packet Identifier", no_packet_id)?;
        } else {
            require(has_packet_id, "Packet Identifier", packet_id)?;
        }
        require(!self.topic.is_empty() || self.properties.topic_alias.is_some(), "Topic Name", "MQTT-4.7.3-1")?;
        out.text("Topic Name", self.topic.as_str())?;
        if let Some(packet_id) = self.packet_id {
            out.two_byte_integer(packet_id.as_u16());
        }
        write_properties(out, &self.properties)
    }
}

impl PublishProperties {
    #[inline]
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<Self, DecodeError> {
        let mut p = Self::default();
        r.properties(&PROPERTIES, |r, property| match property.id {
            PropertyId::PayloadFormatIndicator => r.boolean(property, "5.0 §3.3.2.3.2", &mut p.payload_format_indicator),
            PropertyId::MessageExpiryInterval => r.four_bytes(property, "5.0 §3.3.2.3.3", &mut p.message_expiry_interval),
            PropertyId::TopicAlias => {
                r.two_bytes(property, "5.0 §3.3.2.3.4", &mut p.topic_alias)?;
                r.not_zero(property, "MQTT-3.3.2-8", 2, p.topic_alias)
            }
            PropertyId::ResponseTopic => r.response_topic(property, "5.0 §3.3.2.3.5", &mut p.response_topic),
            PropertyId::CorrelationData => r.data(property, "5.0 §3.3.2.3.6", &mut p.correlation_data),
            PropertyId::UserProperty => r.user_property(property, &mut p.user_properties),
            PropertyId::SubscriptionIdentifier => {
                p.subscription_identifiers.push(r.subscription_identifier(property, "5.0 §3.3.2.3.8")?);
                Ok(())
            }
            PropertyId::ContentType => r.string(property, "5.0 §3.3.2.3.9", &mut p.content_type),
            _ => Err(r.misplaced(property)),
        })?;
        Ok(p)
    }
}

impl Properties for PublishProperties {
    #[inline]
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        out.boolean(PropertyId::PayloadFormatIndicator, self.payload_format_indicator)?;
        out.four_bytes(PropertyId::MessageExpiryInterval, self.message_expiry_interval)?;
        out.two_bytes_not_zero(PropertyId::TopicAlias, self.topic_alias, "MQTT-3.3.2-8")?;
        out.response_topic(self.response_topic.as_ref())?;
        out.data(PropertyId::CorrelationData, self.correlation_data.as_deref())?;
        out.user_properties(&self.user_properties)?;
        for identifier in &self.subscription_identifiers {
            out.subscription_identifier(*identifier, "5.0 §3.3.2.3.8")?;
        }
        out.string(PropertyId::ContentType, self.content_type.as_deref())
    }
}
