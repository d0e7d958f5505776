//! What somebody has typed of a message's properties, before it is one.

use bytestring::ByteString;

use crate::packet::TopicName;
use crate::sim::MessageProperties;

/// The optional properties of a message as typed; an empty text is a property that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertiesDraft {
    /// Message Expiry Interval in seconds.
    pub message_expiry: String,
    /// Content Type.
    pub content_type: String,
    /// Response Topic.
    pub response_topic: String,
    /// Correlation Data as text.
    pub correlation_data: String,
    /// Name of a User Property.
    pub user_name: String,
    /// Its value.
    pub user_value: String,
    /// Topic Alias.
    pub topic_alias: String,
}

/// What was typed is no value of its property; the form says at the field what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no value of the property")]
pub struct NotAValue;

impl PropertiesDraft {
    /// Message Expiry Interval, if there is one and it is a number.
    ///
    /// # Errors
    /// It is none.
    pub fn message_expiry(&self) -> Result<Option<u32>, NotAValue> {
        number(&self.message_expiry)
    }

    /// Topic Alias, if there is one: from 1 on [MQTT-3.3.2-8].
    ///
    /// # Errors
    /// It is none.
    pub fn topic_alias(&self) -> Result<Option<u16>, NotAValue> {
        number(&self.topic_alias).and_then(|alias| if alias == Some(0) { Err(NotAValue) } else { Ok(alias) })
    }

    /// Response Topic, if there is one: without wildcards [MQTT-3.3.2-14].
    ///
    /// # Errors
    /// It is none.
    pub fn response_topic(&self) -> Result<Option<TopicName>, NotAValue> {
        if self.response_topic.is_empty() {
            Ok(None)
        } else {
            TopicName::new(self.response_topic.as_str()).map(Some).map_err(|_| NotAValue)
        }
    }

    /// Whether a User Property has a value and no name: nothing would be sent of it.
    #[must_use]
    pub const fn user_name_is_missing(&self) -> bool {
        self.user_name.is_empty() && !self.user_value.is_empty()
    }

    /// The properties.
    ///
    /// # Errors
    /// One of them is wrong.
    pub fn properties(&self) -> Result<MessageProperties, NotAValue> {
        if self.user_name_is_missing() {
            return Err(NotAValue);
        }
        let text = |text: &String| (!text.is_empty()).then(|| ByteString::from(text.as_str()));
        let user = (!self.user_name.is_empty()).then(|| (self.user_name.as_str().into(), self.user_value.as_str().into()));
        Ok(MessageProperties {
            payload_is_text: None,
            message_expiry: self.message_expiry()?,
            topic_alias: self.topic_alias()?,
            content_type: text(&self.content_type),
            response_topic: self.response_topic()?,
            correlation_data: text(&self.correlation_data),
            user_properties: user.into_iter().collect(),
        })
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<Option<T>, NotAValue> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| NotAValue) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_empty_is_not_there() {
        assert_eq!(PropertiesDraft::default().properties(), Ok(MessageProperties::default()));
    }

    #[test]
    fn a_draft_becomes_properties_or_says_that_it_cannot() {
        let draft = PropertiesDraft { message_expiry: "10".into(), topic_alias: "3".into(), user_name: "a".into(), ..Default::default() };
        let properties = draft.properties().unwrap();
        assert_eq!((properties.message_expiry, properties.topic_alias), (Some(10), Some(3)));
        assert_eq!(properties.user_properties, [("a".into(), "".into())]);
        let wrong = |change: fn(&mut PropertiesDraft)| {
            let mut draft = draft.clone();
            change(&mut draft);
            draft.properties()
        };
        assert_eq!(wrong(|draft| draft.message_expiry = "-1".into()), Err(NotAValue));
        assert_eq!(wrong(|draft| draft.topic_alias = "0".into()), Err(NotAValue));
        assert_eq!(wrong(|draft| draft.topic_alias = "65536".into()), Err(NotAValue));
        assert_eq!(wrong(|draft| draft.response_topic = "a/#".into()), Err(NotAValue));
        let nameless = PropertiesDraft { user_value: "b".into(), ..PropertiesDraft::default() };
        assert_eq!(nameless.properties(), Err(NotAValue));
    }
}
