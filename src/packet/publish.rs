//! PUBLISH (5.0 §3.3).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use bytestring::ByteString;
use smallvec::SmallVec;

use super::codec::{PAYLOAD, VARIABLE_HEADER};
use super::primitive::{Label, Rule};
use super::property::{
    PROPERTIES, Properties, Property, PropertyId, PropertyOutput as _, Row, Seen, Slot, property_length, write_properties,
};
use super::reader::{Reader, Silent, Sink};
use super::writer::{Fields, Output, require};
use super::{DecodeError, EncodeError, PacketId, Payload, ProtocolVersion, QoS, TopicName, UserProperties};
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
    /// Properties; none in 3.1.1.
    pub properties: CarriedProperties,
    /// Payload.
    pub payload: Payload,
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
    pub(super) fn read<S: Sink>(r: &mut Reader<'_, S>, flags: u8) -> Result<Self, Box<DecodeError>> {
        let (dup, retain) = (flags & 0b1000 != 0, flags & 0b0001 != 0);
        let Ok(qos) = QoS::try_from(flags.wrapping_shr(1) & 0b11) else { return Err(r.broken(&QOS_3, 0, "QoS", 3_u8)) };
        if dup && qos == QoS::AtMostOnce {
            return Err(r.broken(&DUP_AT_QOS_0, 0, "DUP", 1_u8));
        }
        r.section(&VARIABLE_HEADER);
        let topic_at = r.position();
        let topic = r.topic_name(&TOPIC_NAME, &WILDCARD, r.version == ProtocolVersion::V5)?;
        let packet_id = if qos == QoS::AtMostOnce { None } else { Some(r.packet_id()?) };
        let (properties, has_alias) = if r.version == ProtocolVersion::V5 { CarriedProperties::read(r)? } else { Default::default() };
        if topic.is_empty() && !has_alias {
            return Err(r.broken(&NO_TOPIC, topic_at, TOPIC_NAME.name, ""));
        }
        r.close();
        r.section(&PAYLOAD);
        let payload = r.payload(&APPLICATION_MESSAGE);
        r.close();
        Ok(Self { dup, qos, retain, topic, packet_id, properties, payload })
    }
}

/// All but the payload.
impl Fields for Publish {
    #[inline]
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
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
        out.checked_text("Topic Name", self.topic.as_str())?;
        if let Some(packet_id) = self.packet_id {
            out.two_byte_integer(packet_id.as_u16());
        }
        write_properties(out, &self.properties)
    }
}

/// Where the properties go while they are read.
#[derive(Default)]
struct Slots<B, F, T, N, D, U, I, C> {
    payload_format_indicator: B,
    message_expiry_interval: F,
    topic_alias: T,
    response_topic: N,
    correlation_data: D,
    user_properties: U,
    subscription_identifiers: I,
    content_type: C,
}

/// Takes no values: for checking.
type Checked = Slots<Seen, Seen, Seen, Seen, Seen, Seen, Seen, Seen>;

/// Takes all values.
type Kept =
    Slots<Option<bool>, Option<u32>, Option<u16>, Option<TopicName>, Option<Bytes>, UserProperties, SmallVec<[u32; 1]>, Option<ByteString>>;

impl Row<u32> for SmallVec<[u32; 1]> {
    fn add(&mut self, value: impl FnOnce() -> u32) {
        self.push(value());
    }
}

impl<B, F, T, N, D, U, I, C> Slots<B, F, T, N, D, U, I, C>
where
    B: Slot<bool>,
    F: Slot<u32>,
    T: Slot<u16>,
    N: Slot<TopicName>,
    D: Slot<Bytes>,
    U: Row<(ByteString, ByteString)>,
    I: Row<u32>,
    C: Slot<ByteString>,
{
    /// Reads the value of one property.
    #[inline]
    fn take<S: Sink>(&mut self, r: &mut Reader<'_, S>, property: Property) -> Result<(), Box<DecodeError>> {
        match property.id {
            PropertyId::PayloadFormatIndicator => r.boolean(property, "5.0 §3.3.2.3.2", &mut self.payload_format_indicator),
            PropertyId::MessageExpiryInterval => r.four_bytes(property, "5.0 §3.3.2.3.3", &mut self.message_expiry_interval),
            PropertyId::TopicAlias => {
                let alias = r.two_byte_value(property, "5.0 §3.3.2.3.4", &mut self.topic_alias)?;
                r.not_zero(property, "MQTT-3.3.2-8", 2, alias.into())
            }
            PropertyId::ResponseTopic => r.response_topic(property, "5.0 §3.3.2.3.5", &mut self.response_topic),
            PropertyId::CorrelationData => r.data(property, "5.0 §3.3.2.3.6", &mut self.correlation_data),
            PropertyId::UserProperty => r.user_property(property, &mut self.user_properties),
            PropertyId::SubscriptionIdentifier => {
                let identifier = r.subscription_identifier(property, "5.0 §3.3.2.3.8")?;
                self.subscription_identifiers.add(|| identifier);
                Ok(())
            }
            PropertyId::ContentType => r.string(property, "5.0 §3.3.2.3.9", &mut self.content_type),
            _ => Err(r.misplaced(property)),
        }
    }
}

impl PublishProperties {
    const NONE: Self = Self {
        payload_format_indicator: None,
        message_expiry_interval: None,
        topic_alias: None,
        response_topic: None,
        correlation_data: None,
        user_properties: UserProperties(Vec::new()),
        subscription_identifiers: SmallVec::new_const(),
        content_type: None,
    };

    /// The properties that these bytes say, which have been checked before.
    fn of_checked(bytes: &Bytes) -> Self {
        let mut slots = Kept::default();
        // No error can come of bytes that have passed the same reader.
        let _ = Reader::new(bytes, ProtocolVersion::V5, Silent).property_list(&mut |r, property| slots.take(r, property));
        let Slots {
            payload_format_indicator,
            message_expiry_interval,
            topic_alias,
            response_topic,
            correlation_data,
            user_properties,
            subscription_identifiers,
            content_type,
        } = slots;
        Self {
            payload_format_indicator,
            message_expiry_interval,
            topic_alias,
            response_topic,
            correlation_data,
            user_properties,
            subscription_identifiers,
            content_type,
        }
    }
}

/// The properties of a PUBLISH, as it carries them: read from bytes only when they are looked at. Used like the
/// [`PublishProperties`] themselves, from which they are made with `into()`. One word, since most messages have none; copies of a message share them.
#[derive(Clone, Default)]
pub struct CarriedProperties(Option<Arc<Carried>>);

#[derive(Clone)]
enum Carried {
    /// Bytes that have been checked, without the Property Length; never empty.
    Bytes(Bytes, OnceLock<PublishProperties>),
    Values(PublishProperties),
}

impl Carried {
    fn values(&self) -> &PublishProperties {
        match self {
            Self::Bytes(bytes, values) => values.get_or_init(|| PublishProperties::of_checked(bytes)),
            Self::Values(values) => values,
        }
    }
}

impl CarriedProperties {
    /// Checks them all; says also whether there is a Topic Alias.
    #[inline]
    fn read<S: Sink>(r: &mut Reader<'_, S>) -> Result<(Self, bool), Box<DecodeError>> {
        let mut slots = Checked::default();
        let bytes = r.properties(&PROPERTIES, |r, property| slots.take(r, property))?;
        let carried = (!bytes.is_empty()).then(|| Arc::new(Carried::Bytes(r.share(bytes), OnceLock::new())));
        Ok((Self(carried), slots.topic_alias.0))
    }

    /// Whether there are none. Reads nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.0.as_deref() {
            None => true,
            Some(Carried::Bytes(..)) => false,
            Some(Carried::Values(values)) => *values == PublishProperties::NONE,
        }
    }

    /// The properties themselves.
    #[must_use]
    pub fn into_values(self) -> PublishProperties {
        match self.0.map(Arc::unwrap_or_clone) {
            None => PublishProperties::NONE,
            Some(Carried::Bytes(bytes, values)) => values.into_inner().unwrap_or_else(|| PublishProperties::of_checked(&bytes)),
            Some(Carried::Values(values)) => values,
        }
    }
}

impl Deref for CarriedProperties {
    type Target = PublishProperties;
    fn deref(&self) -> &PublishProperties {
        static NONE: PublishProperties = PublishProperties::NONE;
        self.0.as_deref().map_or(&NONE, Carried::values)
    }
}

impl DerefMut for CarriedProperties {
    fn deref_mut(&mut self) -> &mut PublishProperties {
        if !matches!(self.0.as_deref(), Some(Carried::Values(_))) {
            let values = std::mem::take(self).into_values();
            self.0 = Some(Arc::new(Carried::Values(values)));
        }
        match self.0.as_mut().map(Arc::make_mut) {
            Some(Carried::Values(values)) => values,
            // What has just been ruled out.
            _ => Box::leak(Box::default()),
        }
    }
}

impl From<PublishProperties> for CarriedProperties {
    fn from(values: PublishProperties) -> Self {
        Self((values != PublishProperties::NONE).then(|| Arc::new(Carried::Values(values))))
    }
}

impl PartialEq<PublishProperties> for CarriedProperties {
    fn eq(&self, other: &PublishProperties) -> bool {
        **self == *other
    }
}

impl fmt::Debug for CarriedProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for CarriedProperties {
    fn eq(&self, other: &Self) -> bool {
        (self.0.is_none() && other.0.is_none()) || **self == **other
    }
}

impl Eq for CarriedProperties {}

impl Hash for CarriedProperties {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Properties for CarriedProperties {
    #[inline]
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError> {
        match self.0.as_deref() {
            None => Ok(()),
            // In the order in which they came.
            Some(Carried::Bytes(bytes, _)) if out.version() == ProtocolVersion::V5 => {
                out.put(bytes);
                Ok(())
            }
            Some(carried) => carried.values().write(out),
        }
    }

    #[inline]
    fn length(&self) -> Result<u32, EncodeError> {
        match self.0.as_deref() {
            None => Ok(0),
            Some(Carried::Bytes(bytes, _)) => property_length(bytes.len()),
            Some(Carried::Values(values)) => values.length(),
        }
    }
}

impl Properties for PublishProperties {
    // Not inlined: most messages have none, or carry them as bytes.
    #[inline(never)]
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
