//! Requests that arrive as messages.

use super::request::MAX_JSON;
use super::{CONTROL_TOPIC, RESPONSE_TOPIC};
use crate::broker::Broker;
use crate::broker::delivery::SharedFrame;
use crate::broker::message::MessageContent;
use crate::packet::{CarriedProperties, QoS, TopicName};
use crate::time::Instant;

/// In place of a response that would be longer than anybody may send one.
const TOO_LARGE: &str = r#"{"responses":[{"command":"Unknown command","error":"Request or response too large"}]}"#;

impl Broker {
    /// Whether a message to this topic is a request. It is then carried out and goes nowhere itself.
    pub(in crate::broker) fn is_control(&self, topic: &TopicName) -> bool {
        self.config.access.dynamic.is_some() && topic.as_str() == CONTROL_TOPIC
    }

    /// Carries out a request: first the response goes to all who may receive it, then the change is in force, so that whoever takes its own rights away still
    /// hears of it.
    pub(in crate::broker) fn handle_control(&mut self, now: Instant, request: &[u8]) {
        let Some(mut dynamic) = self.config.access.dynamic.clone() else { return };
        let response = if request.len() > MAX_JSON {
            TOO_LARGE.to_owned()
        } else {
            let secrets = &mut self.secrets;
            dynamic.handle_request(request, &mut || secrets.salt()).to_string()
        };
        let response = if response.len() > MAX_JSON { TOO_LARGE.to_owned() } else { response };
        if let Ok(topic) = TopicName::new(RESPONSE_TOPIC) {
            self.accept(
                now,
                MessageContent {
                    publisher: None,
                    publisher_user: None,
                    topic,
                    payload: response.into(),
                    qos: QoS::AtLeastOnce,
                    retain: false,
                    properties: CarriedProperties::default(),
                },
                SharedFrame::default(),
            );
        }
        if self.config.access.dynamic.as_ref() != Some(&dynamic) {
            let mut access = self.config.access.clone();
            access.dynamic = Some(dynamic);
            self.change_access(now, access);
        }
    }
}
