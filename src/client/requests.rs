//! Request and response (5.0 §4.10): the client makes Response Topic and Correlation Data, finds the answer by them, and stops waiting after a time.

use std::collections::BTreeMap;

use bytes::Bytes;
use bytestring::ByteString;

use crate::client::{
    Client, ClientError, ClientEvent, ClientState, KnownSubscription, PublishRequest, PublishToken, RequestToken, SubscriptionStatus, Timer,
};
use crate::packet::{EncodeError, ProtocolVersion, Publish, QoS, ReasonCode, Subscription, SubscriptionOptions, TopicFilter, TopicName};
use crate::text::{Message, key};
use crate::time::{Duration, Instant};

/// What an application asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestMessage {
    /// The request itself. Its Response Topic and Correlation Data are made by the client.
    pub publish: PublishRequest,
    /// How long to wait for the answer.
    pub timeout: Duration,
}

/// Requests without an answer so far. Bounded by the settings.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Requests {
    pending: BTreeMap<RequestToken, Pending>,
    /// Response Information of the Server of this connection, if it was asked for.
    information: Option<ByteString>,
    /// Where answers come, once there was a request.
    topic: Option<TopicName>,
}

#[derive(Clone, Debug, Hash)]
struct Pending {
    until: Instant,
    /// Waits until the subscription to the response topic is granted.
    unsent: Option<PublishRequest>,
}

impl Client {
    /// Publishes a request, as soon as the client is subscribed to its response topic; what follows is [`ClientEvent::ResponseReceived`],
    /// [`ClientEvent::RequestTimedOut`] or [`ClientEvent::RequestFailed`].
    ///
    /// # Errors
    /// Not connected, 3.1.1, too many requests, no topic for answers, an illegal packet, or one that the Server has ruled out. Nothing has changed then.
    pub fn handle_request(&mut self, now: Instant, request: RequestMessage) -> Result<RequestToken, ClientError> {
        if self.config.version == ProtocolVersion::V311 {
            return Err(EncodeError::NotInVersion { field: "Response Topic", version: ProtocolVersion::V311 }.into());
        }
        if self.state != ClientState::Connected {
            return Err(ClientError::NotConnected);
        }
        if self.pending_requests() >= self.config.request_limit {
            return Err(ClientError::TooManyRequests(self.config.request_limit));
        }
        let token = RequestToken(self.next_token);
        let topic = self.response_topic().ok_or(ClientError::NoResponseTopic)?;
        let RequestMessage { mut publish, timeout } = request;
        publish.properties.response_topic = Some(topic.clone());
        publish.properties.correlation_data = Some(correlation(token));
        let checked = self.checked(publish.clone())?;
        let status = self.response_subscription(now, &topic)?;
        self.next_token = self.next_token.wrapping_add(1);
        let requests = self.requests.get_or_insert_default();
        requests.topic = Some(topic);
        let waits = !matches!(status, SubscriptionStatus::Answered(_));
        let unsent = waits.then_some(publish);
        requests.pending.insert(token, Pending { until: now + timeout, unsent });
        self.set_request_timer();
        if !waits {
            self.publish_as(now, PublishToken(token.0), checked);
        }
        Ok(token)
    }

    /// How many requests wait for their answer.
    #[must_use]
    pub fn pending_requests(&self) -> usize {
        self.requests.as_ref().map_or(0, |requests| requests.pending.len())
    }

    /// Where answers come on this connection: below the Response Information of the Server if there is some, else where the settings say.
    fn response_topic(&self) -> Option<TopicName> {
        let granted = self.requests.as_ref().and_then(|requests| requests.information.as_ref());
        let client_id = self.client_id().as_str();
        let below = |prefix: &str| {
            let prefix = prefix.trim_end_matches('/');
            // A Server may have made it for this Client already.
            let is_own = prefix.rsplit('/').next() == Some(client_id);
            TopicName::new(if is_own { prefix.to_owned() } else { format!("{prefix}/{client_id}") }).ok()
        };
        if let Some(topic) = granted.and_then(|information| below(information)) {
            return Some(topic);
        }
        self.config.response_topic.clone().or_else(|| below("response"))
    }

    /// Subscribes to the response topic unless that is done, and says how far it is.
    fn response_subscription(&mut self, now: Instant, topic: &TopicName) -> Result<SubscriptionStatus, ClientError> {
        let illegal = EncodeError::Illegal { field: "Response Topic", clause: "MQTT-3.3.2-14" };
        let filter = TopicFilter::new(topic.as_str().to_owned()).map_err(|_| illegal)?;
        let known = self.subscriptions.iter().find(|known| known.subscription.filter == filter).map(|known| known.status);
        match known {
            Some(SubscriptionStatus::Answered(code)) if !code.is_error() => Ok(SubscriptionStatus::Answered(code)),
            Some(SubscriptionStatus::Requested) => Ok(SubscriptionStatus::Requested),
            _ => {
                let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
                self.handle_subscribe(now, vec![Subscription { filter, options }])?;
                Ok(SubscriptionStatus::Requested)
            }
        }
    }

    /// CONNACK came: where answers come from now on. The old topic is not subscribed to again.
    pub(super) fn response_information(&mut self, information: Option<&ByteString>) {
        if self.requests.is_none() && information.is_none() {
            return;
        }
        self.requests.get_or_insert_default().information = information.cloned();
        let topic = self.response_topic();
        let Some(requests) = &mut self.requests else { return };
        if requests.topic.is_none() || requests.topic == topic {
            return;
        }
        let old = requests.topic.take();
        self.subscriptions.retain(|known| old.as_ref().is_none_or(|old| !is_to(known, old)));
    }

    /// SUBACK came for the response topic, or did not and never will.
    pub(super) fn response_subscription_answered(&mut self, now: Instant, filter: &TopicFilter, reason_code: ReasonCode) {
        let Some(requests) = &mut self.requests else { return };
        if requests.topic.as_ref().is_none_or(|topic| topic.as_str() != filter.as_str()) {
            return;
        }
        let mut waiting = Vec::new();
        for (token, pending) in &mut requests.pending {
            waiting.extend(pending.unsent.take().map(|publish| (*token, publish)));
        }
        for (token, mut publish) in waiting {
            if reason_code.is_error() {
                self.request_failed(token, key::CLIENT_REQUEST_NOT_SUBSCRIBED.with("reason", reason_code.to_string()));
                continue;
            }
            publish.properties.response_topic = self.response_topic();
            match self.checked(publish) {
                Ok(checked) => self.publish_as(now, PublishToken(token.0), checked),
                Err(error) => self.request_failed(token, key::CLIENT_REQUEST_REFUSED.with("reason", error.to_string())),
            }
        }
    }

    /// A request can get no answer any more.
    pub(super) fn request_failed(&mut self, token: RequestToken, message: Message) {
        if let Some(requests) = &mut self.requests
            && requests.pending.remove(&token).is_some()
        {
            self.set_request_timer();
            self.emit(ClientEvent::RequestFailed { token, message: message.into() });
        }
    }

    /// Gives a message to the application, unless it is an answer that nobody waits for.
    pub(super) fn give(&mut self, publish: Publish, dup: bool) {
        let is_response = self.requests.as_ref().and_then(|requests| requests.topic.as_ref()) == Some(&publish.topic);
        if !is_response {
            return self.emit(ClientEvent::MessageReceived { publish: publish.into(), dup });
        }
        let token = publish.properties.correlation_data.as_ref().and_then(token_of).filter(|token| token.0 < self.next_token);
        let pending = token.and_then(|token| self.requests.as_mut().and_then(|requests| requests.pending.remove(&token)).map(|_| token));
        match pending {
            Some(token) => {
                self.set_request_timer();
                self.emit(ClientEvent::MessageReceived { publish: publish.into(), dup });
                self.emit(ClientEvent::ResponseReceived { token });
            }
            None => self.emit(ClientEvent::ResponseIgnored { publish: publish.into(), token }),
        }
    }

    /// Some requests have waited long enough.
    pub(super) fn requests_due(&mut self, now: Instant) {
        while let Some(requests) = &mut self.requests
            && let Some(token) = requests.pending.iter().find(|(_, pending)| pending.until <= now).map(|(token, _)| *token)
        {
            requests.pending.remove(&token);
            self.emit(ClientEvent::RequestTimedOut { token });
        }
        self.set_request_timer();
    }

    fn set_request_timer(&mut self) {
        let next = self.requests.as_ref().and_then(|requests| requests.pending.values().map(|pending| pending.until).min());
        match next {
            Some(at) => self.timers.set(Timer::Request, at),
            None => drop(self.timers.cancel(&Timer::Request)),
        }
    }

    /// The program is gone, and with it what it waited for.
    pub(super) fn forget_requests(&mut self) {
        for (token, _) in self.requests.take().map(|requests| requests.pending).unwrap_or_default() {
            self.emit(ClientEvent::RequestFailed { token, message: key::CLIENT_DROPPED_POWER_CUT.message().into() });
        }
    }
}

/// Correlation Data: the number of the request. It says nothing about the client, and no other request of this client has it.
fn correlation(token: RequestToken) -> Bytes {
    Bytes::copy_from_slice(&token.0.to_be_bytes())
}

fn token_of(correlation_data: &Bytes) -> Option<RequestToken> {
    let number = <[u8; 8]>::try_from(&**correlation_data).ok()?;
    Some(RequestToken(u64::from_be_bytes(number)))
}

fn is_to(known: &KnownSubscription, topic: &TopicName) -> bool {
    known.subscription.filter.as_str() == topic.as_str()
}
