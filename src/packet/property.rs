//! Properties (5.0 §2.2.2): their identifiers, how a list of them is read and written.

use bytes::Bytes;
use bytestring::ByteString;

use super::primitive::{Label, Rule, VARIABLE_BYTE_INTEGER_MAX};
use super::reader::{Description, Reader, Sink};
use super::writer::{Count, Output, WithoutProperties, require};
use super::{DecodeError, EncodeError, ProtocolVersion, ReasonCode, TopicName};
use crate::text::{Key, key};

/// User Properties: name and value pairs in their order, names may repeat (5.0 §2.2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserProperties(pub Vec<(ByteString, ByteString)>);

impl UserProperties {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

macro_rules! property_ids {
    ($($value:literal $id:ident $name:literal $meaning:ident;)*) => {
        /// Property Identifier (5.0 §2.2.2.2, table 2-4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum PropertyId { $($id = $value,)* }

        impl PropertyId {
            const fn from_value(value: u32) -> Option<Self> {
                match value { $($value => Some(Self::$id),)* _ => None }
            }
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
            const fn meaning(self) -> Key {
                match self { $(Self::$id => key::$meaning,)* }
            }
        }
    };
}
property_ids! {
    1 PayloadFormatIndicator "Payload Format Indicator" PACKET_PROPERTY_PAYLOAD_FORMAT_INDICATOR;
    2 MessageExpiryInterval "Message Expiry Interval" PACKET_PROPERTY_MESSAGE_EXPIRY_INTERVAL;
    3 ContentType "Content Type" PACKET_PROPERTY_CONTENT_TYPE;
    8 ResponseTopic "Response Topic" PACKET_PROPERTY_RESPONSE_TOPIC;
    9 CorrelationData "Correlation Data" PACKET_PROPERTY_CORRELATION_DATA;
    11 SubscriptionIdentifier "Subscription Identifier" PACKET_PROPERTY_SUBSCRIPTION_IDENTIFIER;
    17 SessionExpiryInterval "Session Expiry Interval" PACKET_PROPERTY_SESSION_EXPIRY_INTERVAL;
    18 AssignedClientIdentifier "Assigned Client Identifier" PACKET_PROPERTY_ASSIGNED_CLIENT_IDENTIFIER;
    19 ServerKeepAlive "Server Keep Alive" PACKET_PROPERTY_SERVER_KEEP_ALIVE;
    21 AuthenticationMethod "Authentication Method" PACKET_PROPERTY_AUTHENTICATION_METHOD;
    22 AuthenticationData "Authentication Data" PACKET_PROPERTY_AUTHENTICATION_DATA;
    23 RequestProblemInformation "Request Problem Information" PACKET_PROPERTY_REQUEST_PROBLEM_INFORMATION;
    24 WillDelayInterval "Will Delay Interval" PACKET_PROPERTY_WILL_DELAY_INTERVAL;
    25 RequestResponseInformation "Request Response Information" PACKET_PROPERTY_REQUEST_RESPONSE_INFORMATION;
    26 ResponseInformation "Response Information" PACKET_PROPERTY_RESPONSE_INFORMATION;
    28 ServerReference "Server Reference" PACKET_PROPERTY_SERVER_REFERENCE;
    31 ReasonString "Reason String" PACKET_PROPERTY_REASON_STRING;
    33 ReceiveMaximum "Receive Maximum" PACKET_PROPERTY_RECEIVE_MAXIMUM;
    34 TopicAliasMaximum "Topic Alias Maximum" PACKET_PROPERTY_TOPIC_ALIAS_MAXIMUM;
    35 TopicAlias "Topic Alias" PACKET_PROPERTY_TOPIC_ALIAS;
    36 MaximumQoS "Maximum QoS" PACKET_PROPERTY_MAXIMUM_QOS;
    37 RetainAvailable "Retain Available" PACKET_PROPERTY_RETAIN_AVAILABLE;
    38 UserProperty "User Property" PACKET_PROPERTY_USER_PROPERTY;
    39 MaximumPacketSize "Maximum Packet Size" PACKET_PROPERTY_MAXIMUM_PACKET_SIZE;
    40 WildcardSubscriptionAvailable "Wildcard Subscription Available" PACKET_PROPERTY_WILDCARD_SUBSCRIPTION_AVAILABLE;
    41 SubscriptionIdentifiersAvailable "Subscription Identifiers Available" PACKET_PROPERTY_SUBSCRIPTION_IDENTIFIERS_AVAILABLE;
    42 SharedSubscriptionAvailable "Shared Subscription Available" PACKET_PROPERTY_SHARED_SUBSCRIPTION_AVAILABLE;
}

/// The Properties of a packet.
pub(super) const PROPERTIES: Label = Label::new("Properties", "", "5.0 §2.2.2", key::PACKET_FIELD_PROPERTIES);
/// Will Properties, in the payload of CONNECT.
pub(super) const WILL_PROPERTIES: Label = Label::new("Will Properties", "", "5.0 §3.1.3.2", key::PACKET_FIELD_WILL_PROPERTIES);

const PROPERTY_LENGTH: Label = Label::new("Property Length", "", "5.0 §2.2.2.1", key::PACKET_FIELD_PROPERTY_LENGTH);
const IDENTIFIER: Label = Label::new("Identifier", "", "5.0 §2.2.2.2", key::PACKET_FIELD_PROPERTY_IDENTIFIER);
const NAME: Label = Label::new("Name", "", "MQTT-1.5.7-1", key::PACKET_FIELD_USER_PROPERTY_NAME);
const VALUE: Label = Label::new("Value", "", "MQTT-1.5.7-1", key::PACKET_FIELD_USER_PROPERTY_VALUE);

const LENGTH_TOO_LONG: Rule = Rule::malformed("", "5.0 §2.2.2.1", key::PACKET_ERROR_PROPERTY_LENGTH);
const UNKNOWN: Rule = Rule::malformed("", "5.0 §2.2.2.2", key::PACKET_ERROR_PROPERTY_UNKNOWN);
const MISPLACED: Rule = Rule::malformed("", "5.0 §2.2.2.2", key::PACKET_ERROR_PROPERTY_MISPLACED);

/// Where the value of a property goes that may come once.
pub(super) trait Slot<T> {
    fn is_filled(&self) -> bool;
    fn fill(&mut self, value: impl FnOnce() -> T);
}

impl<T> Slot<T> for Option<T> {
    #[inline]
    fn is_filled(&self) -> bool {
        self.is_some()
    }
    #[inline]
    fn fill(&mut self, value: impl FnOnce() -> T) {
        *self = Some(value());
    }
}

/// Notes only that the property was there.
#[derive(Default)]
pub(super) struct Seen(pub(super) bool);

impl<T> Slot<T> for Seen {
    #[inline]
    fn is_filled(&self) -> bool {
        self.0
    }
    #[inline]
    fn fill(&mut self, _value: impl FnOnce() -> T) {
        self.0 = true;
    }
}

/// Where the values of a property go that may come several times.
pub(super) trait Row<T> {
    fn add(&mut self, value: impl FnOnce() -> T);
}

impl Row<(ByteString, ByteString)> for UserProperties {
    #[inline]
    fn add(&mut self, value: impl FnOnce() -> (ByteString, ByteString)) {
        self.0.push(value());
    }
}

impl<T> Row<T> for Seen {
    #[inline]
    fn add(&mut self, _value: impl FnOnce() -> T) {
        self.0 = true;
    }
}

/// One property while it is read: its identifier has been read, its value not.
#[derive(Clone, Copy)]
pub(super) struct Property {
    pub(super) id: PropertyId,
    start: usize,
}

impl Property {
    /// The label of the value; `clause` is where this packet defines the property.
    const fn label(self, clause: &'static str) -> Label {
        let label = Label::new(self.id.name(), "", clause, self.id.meaning());
        if matches!(self.id, PropertyId::AuthenticationData) { label.secret() } else { label }
    }
}

impl<'a, S: Sink> Reader<'a, S> {
    /// Property Length and properties. `read` takes the value of each, or refuses it with [`Reader::misplaced`]. Returns the bytes of
    /// the properties.
    #[inline]
    pub(super) fn properties(
        &mut self,
        label: &Label,
        mut read: impl FnMut(&mut Self, Property) -> Result<(), Box<DecodeError>>,
    ) -> Result<&'a [u8], Box<DecodeError>> {
        self.open(label);
        let length = self.variable_byte_integer(&PROPERTY_LENGTH)?;
        let mut bytes: &'a [u8] = &[];
        if length > 0 {
            let offset = self.position();
            let surroundings = usize::try_from(length).ok().and_then(|length| self.narrow(length));
            let Some(surroundings) = surroundings else {
                return Err(self.broken(&LENGTH_TOO_LONG, offset, label.name, length));
            };
            bytes = self.unread();
            self.property_list(&mut read)?;
            self.widen(surroundings);
        }
        let end = self.position();
        self.sink.close(end, || Description { value: String::new(), meaning: Some(label.meaning.with("value", length)) });
        Ok(bytes)
    }

    /// Properties to the end of the region.
    #[inline]
    pub(super) fn property_list(
        &mut self,
        read: &mut impl FnMut(&mut Self, Property) -> Result<(), Box<DecodeError>>,
    ) -> Result<(), Box<DecodeError>> {
        while self.remaining() > 0 {
            self.property(read)?;
        }
        Ok(())
    }

    #[inline]
    fn property(&mut self, read: &mut impl FnMut(&mut Self, Property) -> Result<(), Box<DecodeError>>) -> Result<(), Box<DecodeError>> {
        let start = self.position();
        // The group has the name of the property, which its first member tells.
        let id = self.peek_variable_byte_integer().and_then(PropertyId::from_value);
        self.sink.open(id.map_or("Property", PropertyId::name), IDENTIFIER.v5, start, None);
        let value = self.variable_byte_integer_as(&IDENTIFIER, |value| Description {
            value: format!("0x{value:02X}"),
            meaning: Some(IDENTIFIER.meaning.with("value", id.map_or("?", PropertyId::name))),
        })?;
        let Some(id) = id else { return Err(self.broken(&UNKNOWN, start, "Property Identifier", value)) };
        read(self, Property { id, start })
    }

    /// The property may not stand in this packet.
    #[cold]
    pub(super) fn misplaced(&self, property: Property) -> Box<DecodeError> {
        self.broken(&MISPLACED, property.start, property.id.name(), property.id.name())
    }

    #[inline]
    fn once<T>(&self, property: Property, clause: &'static str, slot: &impl Slot<T>) -> Result<(), Box<DecodeError>> {
        if !slot.is_filled() { Ok(()) } else { Err(self.repeated(property, clause)) }
    }

    #[cold]
    fn repeated(&self, property: Property, clause: &'static str) -> Box<DecodeError> {
        let rule = Rule::protocol_error("", clause, key::PACKET_ERROR_PROPERTY_REPEATED);
        self.broken(&rule, property.start, property.id.name(), property.id.name())
    }

    /// A value that the property may not have.
    #[cold]
    fn value_not_allowed(&self, property: Property, clause: &'static str, width: usize, value: u32) -> Box<DecodeError> {
        let mut rule = Rule::protocol_error("", clause, key::PACKET_ERROR_PROPERTY_VALUE);
        if property.id == PropertyId::TopicAlias {
            rule = rule.answered_by(ReasonCode::TopicAliasInvalid);
        }
        self.broken(&rule, self.position().saturating_sub(width), property.id.name(), value)
    }

    /// Ends the group of a property, which says the same as its value.
    #[inline]
    fn close_property(&mut self, label: &Label, describe: impl FnOnce() -> Description) {
        let end = self.position();
        self.sink.redefine(label.v5);
        self.sink.close(end, describe);
    }

    /// A byte that is 0 or 1. `clause` also forbids the property to repeat.
    #[inline]
    pub(super) fn boolean(&mut self, property: Property, clause: &'static str, slot: &mut impl Slot<bool>) -> Result<(), Box<DecodeError>> {
        self.byte_value(property, clause, slot, |value| match value {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        })
    }

    /// A byte; `None` refuses its value.
    #[inline]
    pub(super) fn byte_value<T>(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<T>,
        accept: impl FnOnce(u8) -> Option<T>,
    ) -> Result<(), Box<DecodeError>> {
        self.once(property, clause, slot)?;
        let label = property.label(clause);
        let value = self.byte(&label)?;
        self.close_property(&label, || Description::number(&label, value.into()));
        let Some(accepted) = accept(value) else { return Err(self.value_not_allowed(property, clause, 1, value.into())) };
        slot.fill(|| accepted);
        Ok(())
    }

    #[inline]
    pub(super) fn two_bytes(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<u16>,
    ) -> Result<(), Box<DecodeError>> {
        self.two_byte_value(property, clause, slot).map(|_| ())
    }

    /// As [`Reader::two_bytes`], and returns the value.
    #[inline]
    pub(super) fn two_byte_value(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<u16>,
    ) -> Result<u16, Box<DecodeError>> {
        self.once(property, clause, slot)?;
        let label = property.label(clause);
        let value = self.two_byte_integer(&label)?;
        self.close_property(&label, || Description::number(&label, value.into()));
        slot.fill(|| value);
        Ok(value)
    }

    #[inline]
    pub(super) fn two_bytes_not_zero(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<u16>,
    ) -> Result<(), Box<DecodeError>> {
        let value = self.two_byte_value(property, clause, slot)?;
        self.not_zero(property, clause, 2, value.into())
    }

    /// Refuses the value 0 of a property that was read last and took `width` bytes.
    #[inline]
    pub(super) fn not_zero(&self, property: Property, clause: &'static str, width: usize, value: u32) -> Result<(), Box<DecodeError>> {
        if value == 0 { Err(self.value_not_allowed(property, clause, width, 0)) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn four_bytes(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<u32>,
    ) -> Result<(), Box<DecodeError>> {
        self.four_byte_value(property, clause, slot).map(|_| ())
    }

    #[inline]
    fn four_byte_value(&mut self, property: Property, clause: &'static str, slot: &mut impl Slot<u32>) -> Result<u32, Box<DecodeError>> {
        self.once(property, clause, slot)?;
        let label = property.label(clause);
        let value = self.four_byte_integer(&label)?;
        self.close_property(&label, || Description::number(&label, value));
        slot.fill(|| value);
        Ok(value)
    }

    pub(super) fn four_bytes_not_zero(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<u32>,
    ) -> Result<(), Box<DecodeError>> {
        let value = self.four_byte_value(property, clause, slot)?;
        self.not_zero(property, clause, 4, value)
    }

    #[inline]
    pub(super) fn string(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<ByteString>,
    ) -> Result<(), Box<DecodeError>> {
        self.once(property, clause, slot)?;
        let label = property.label(clause);
        let text = self.text_members(&label, "Length", "Text")?;
        self.close_property(&label, || Description::text(&label, text.as_str()));
        slot.fill(|| text.share(self));
        Ok(())
    }

    #[inline]
    pub(super) fn data(&mut self, property: Property, clause: &'static str, slot: &mut impl Slot<Bytes>) -> Result<(), Box<DecodeError>> {
        self.once(property, clause, slot)?;
        let label = property.label(clause);
        let data = self.binary_members(&label)?;
        self.close_property(&label, || Description::bytes(&label, data));
        slot.fill(|| self.share(data));
        Ok(())
    }

    #[inline]
    pub(super) fn response_topic(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<TopicName>,
    ) -> Result<(), Box<DecodeError>> {
        const WILDCARD: Rule = Rule::protocol_error("", "MQTT-3.3.2-14", key::PACKET_ERROR_WILDCARD_IN_NAME);
        self.once(property, clause, slot)?;
        let label = property.label(clause);
        let topic = self.topic_name_members(&label, &WILDCARD, false)?;
        self.close_property(&label, || Description::text(&label, topic.as_str()));
        slot.fill(|| topic);
        Ok(())
    }

    /// A Subscription Identifier, never 0; `clause` forbids that.
    #[inline]
    pub(super) fn subscription_identifier(&mut self, property: Property, clause: &'static str) -> Result<u32, Box<DecodeError>> {
        let label = property.label(clause);
        let value = self.variable_byte_integer(&label)?;
        self.close_property(&label, || Description::number(&label, value));
        self.not_zero(property, clause, 1, value)?;
        Ok(value)
    }

    /// As [`Reader::subscription_identifier`], at most once.
    pub(super) fn one_subscription_identifier(
        &mut self,
        property: Property,
        clause: &'static str,
        slot: &mut impl Slot<u32>,
    ) -> Result<(), Box<DecodeError>> {
        self.once(property, clause, slot)?;
        let value = self.subscription_identifier(property, clause)?;
        slot.fill(|| value);
        Ok(())
    }

    #[inline]
    pub(super) fn user_property(
        &mut self,
        property: Property,
        properties: &mut impl Row<(ByteString, ByteString)>,
    ) -> Result<(), Box<DecodeError>> {
        let name = self.text_members(&NAME, "Name Length", "Name")?;
        let value = self.text_members(&VALUE, "Value Length", "Value")?;
        let end = self.position();
        self.sink.close(end, || {
            let pair = format!("{}: {}", name.as_str(), value.as_str());
            Description { meaning: Some(property.id.meaning().with("value", pair.as_str())), value: pair }
        });
        properties.add(|| (name.share(self), value.share(self)));
        Ok(())
    }
}

/// Properties that can be written.
pub(super) trait Properties {
    fn write(&self, out: &mut impl Output) -> Result<(), EncodeError>;

    /// Property Length.
    #[inline]
    fn length(&self) -> Result<u32, EncodeError> {
        let mut count = Count::new(ProtocolVersion::V5);
        self.write(&mut count)?;
        property_length(count.bytes())
    }
}

/// So many bytes of properties as a Property Length.
#[inline]
pub(super) fn property_length(bytes: usize) -> Result<u32, EncodeError> {
    match u32::try_from(bytes) {
        Ok(length) if length <= VARIABLE_BYTE_INTEGER_MAX => Ok(length),
        _ => Err(EncodeError::PacketTooLong),
    }
}

/// Property Length and properties; in 3.1.1 nothing, and no property may be there.
#[inline]
pub(super) fn write_properties(out: &mut impl Output, properties: &impl Properties) -> Result<(), EncodeError> {
    match out.version() {
        ProtocolVersion::V311 => properties.write(&mut WithoutProperties),
        ProtocolVersion::V5 => {
            let length = properties.length()?;
            out.variable_byte_integer(length);
            if length == 0 { Ok(()) } else { out.properties(properties, length) }
        }
    }
}

/// The values of properties. `None` writes nothing.
pub(super) trait PropertyOutput: Output + Sized {
    #[inline]
    fn boolean(&mut self, id: PropertyId, value: Option<bool>) -> Result<(), EncodeError> {
        if let Some(value) = value {
            self.property(id)?;
            self.byte(value.into());
        }
        Ok(())
    }

    #[inline]
    fn two_bytes(&mut self, id: PropertyId, value: Option<u16>) -> Result<(), EncodeError> {
        if let Some(value) = value {
            self.property(id)?;
            self.two_byte_integer(value);
        }
        Ok(())
    }

    #[inline]
    fn two_bytes_not_zero(&mut self, id: PropertyId, value: Option<u16>, clause: &'static str) -> Result<(), EncodeError> {
        require(value != Some(0), id.name(), clause)?;
        self.two_bytes(id, value)
    }

    #[inline]
    fn four_bytes(&mut self, id: PropertyId, value: Option<u32>) -> Result<(), EncodeError> {
        if let Some(value) = value {
            self.property(id)?;
            self.four_byte_integer(value);
        }
        Ok(())
    }

    #[inline]
    fn four_bytes_not_zero(&mut self, id: PropertyId, value: Option<u32>, clause: &'static str) -> Result<(), EncodeError> {
        require(value != Some(0), id.name(), clause)?;
        self.four_bytes(id, value)
    }

    #[inline]
    fn subscription_identifier(&mut self, value: u32, clause: &'static str) -> Result<(), EncodeError> {
        let id = PropertyId::SubscriptionIdentifier;
        require((1..=VARIABLE_BYTE_INTEGER_MAX).contains(&value), id.name(), clause)?;
        self.property(id)?;
        self.variable_byte_integer(value);
        Ok(())
    }

    #[inline]
    fn string(&mut self, id: PropertyId, value: Option<&str>) -> Result<(), EncodeError> {
        if let Some(value) = value {
            self.property(id)?;
            self.text(id.name(), value)?;
        }
        Ok(())
    }

    #[inline]
    fn data(&mut self, id: PropertyId, value: Option<&[u8]>) -> Result<(), EncodeError> {
        if let Some(value) = value {
            self.property(id)?;
            self.binary(id.name(), value)?;
        }
        Ok(())
    }

    #[inline]
    fn response_topic(&mut self, value: Option<&TopicName>) -> Result<(), EncodeError> {
        let id = PropertyId::ResponseTopic;
        if let Some(topic) = value {
            require(!topic.is_empty(), id.name(), "MQTT-4.7.3-1")?;
            self.string(id, Some(topic.as_str()))?;
        }
        Ok(())
    }

    #[inline]
    fn user_properties(&mut self, properties: &UserProperties) -> Result<(), EncodeError> {
        for (name, value) in properties.iter() {
            self.property(PropertyId::UserProperty)?;
            self.text("User Property", name)?;
            self.text("User Property", value)?;
        }
        Ok(())
    }
}

impl<T: Output> PropertyOutput for T {}
