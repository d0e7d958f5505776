//! A client whose server is the case file.

use std::collections::VecDeque;

use bytes::Bytes;
use mqtt_playground::client::{Client, ClientConfig, ClientEvent, Output, PublishRequest, ReconnectPolicy};
use mqtt_playground::packet::{
    ClientId, ProtocolVersion, PublishProperties, QoS, ReasonCode, Subscription, SubscriptionOptions, TopicFilter, TopicName,
};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::Transmit;
use mqtt_playground::time::{Duration, Instant};

use super::case::Act;
use super::pattern::packets;
use super::run::Stage;

pub(super) struct ClientStage {
    client: Client,
    now: Instant,
    version: ProtocolVersion,
    unread: Vec<Vec<u8>>,
    is_open: bool,
    closes: usize,
    messages: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl ClientStage {
    pub(super) fn new(version: ProtocolVersion, settings: &[(String, String)]) -> Result<Self, String> {
        let mut config = ClientConfig { version, keep_alive: 0, ..ClientConfig::new("c") };
        for (key, value) in settings {
            set(&mut config, key, value)?;
        }
        let client = Client::new(config, Seed(1).stream("reconnect", "client"));
        let unread = Vec::new();
        Ok(Self { client, now: Instant::ZERO, version, unread, is_open: false, closes: 0, messages: VecDeque::new() })
    }

    fn settle(&mut self) {
        let mut wakes = 0;
        loop {
            while let Some(output) = self.client.poll_output() {
                match output {
                    Output::Transmit(Transmit::Open) => {
                        self.is_open = true;
                        self.client.handle_transport_opened(self.now);
                    }
                    Output::Transmit(Transmit::Packet { bytes, .. }) => {
                        assert!(self.is_open, "nothing is sent after the close [MQTT-3.14.4-1]");
                        self.unread.extend(packets(&bytes));
                    }
                    Output::Transmit(Transmit::Close | Transmit::Abort) => {
                        self.is_open = false;
                        self.closes += 1;
                        self.client.handle_transport_closed(self.now);
                    }
                    Output::Event(ClientEvent::MessageReceived { publish, .. }) => {
                        self.messages.push_back((publish.topic.as_str().as_bytes().to_vec(), publish.payload.to_vec()));
                    }
                    Output::Event(_) => {}
                }
            }
            if self.client.poll_timeout().is_none_or(|due| due > self.now) {
                return;
            }
            self.client.handle_timeout(self.now);
            wakes += 1;
            assert!(wakes < 10_000, "timers make no progress");
        }
    }

    fn call(&mut self, call: &str, arguments: &[String]) -> Result<(), String> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match (call, arguments.as_slice()) {
            ("connect", []) => self.client.handle_connect(self.now).map_err(|error| error.to_string()),
            ("publish" | "retain", [qos, topic, payload]) => {
                let request = PublishRequest {
                    topic: TopicName::new(topic.to_string()).map_err(|error| error.to_string())?,
                    payload: Bytes::copy_from_slice(payload.as_bytes()),
                    qos: qos_of(qos)?,
                    retain: call == "retain",
                    properties: PublishProperties::default(),
                };
                self.client.handle_publish(self.now, request).map(drop).map_err(|error| error.to_string())
            }
            ("subscribe", [qos, filter]) => {
                let options = SubscriptionOptions { qos: qos_of(qos)?, ..SubscriptionOptions::default() };
                let filter = TopicFilter::new(filter.to_string()).map_err(|error| error.to_string())?;
                self.client.handle_subscribe(self.now, vec![Subscription { filter, options }]).map(drop).map_err(|error| error.to_string())
            }
            ("unsubscribe", [filter]) => {
                let filter = TopicFilter::new(filter.to_string()).map_err(|error| error.to_string())?;
                self.client.handle_unsubscribe(self.now, vec![filter]).map(drop).map_err(|error| error.to_string())
            }
            ("disconnect", [code]) => {
                let code = u8::from_str_radix(code, 16).map_err(|error| error.to_string())?;
                let code = ReasonCode::try_from(code).map_err(|error| error.to_string())?;
                self.client.handle_disconnect(self.now, code).map_err(|error| error.to_string())
            }
            _ => panic!("no such call: do {call} {arguments:?}"),
        }
    }
}

fn qos_of(text: &str) -> Result<QoS, String> {
    text.parse::<u8>().map_err(|error| error.to_string()).and_then(|qos| QoS::try_from(qos).map_err(|error| error.to_string()))
}

fn set(config: &mut ClientConfig, key: &str, value: &str) -> Result<(), String> {
    let number = || value.parse::<u32>().map_err(|_| format!("{value} is no number"));
    let small = || value.parse::<u16>().map_err(|_| format!("{value} is no number"));
    match key {
        "client_id" => config.client_id = ClientId::new(value.trim_matches('\'').to_owned()),
        "clean_start" => config.clean_start = value == "true",
        "session_expiry_interval" => config.session_expiry_interval = Some(number()?),
        "keep_alive" => config.keep_alive = small()?,
        "receive_maximum" => config.receive_maximum = Some(small()?),
        "maximum_packet_size" => config.maximum_packet_size = Some(number()?),
        "topic_alias_maximum" => config.topic_alias_maximum = Some(small()?),
        "uses_topic_aliases" => config.uses_topic_aliases = value == "true",
        "request_response_information" => config.request_response_information = value == "true",
        "reconnect_after_ms" => config.reconnect = ReconnectPolicy::Fixed { delay: Duration::from_millis(u64::from(number()?)) },
        _ => return Err(format!("{key} is no setting of the client")),
    }
    Ok(())
}

impl Stage for ClientStage {
    fn receive(&mut self, _connection: char, bytes: &[u8]) {
        self.client.handle_bytes(self.now, Bytes::copy_from_slice(bytes));
        self.settle();
    }

    fn unread(&mut self, _connection: char) -> &mut Vec<Vec<u8>> {
        &mut self.unread
    }

    fn connections(&self) -> Vec<char> {
        vec!['S']
    }

    fn take_close(&mut self, _connection: char) -> bool {
        let is_closed = self.closes > 0;
        self.closes = self.closes.saturating_sub(1);
        is_closed
    }

    fn is_closed_unasked(&self, _connection: char) -> bool {
        self.closes > 0
    }

    fn cut(&mut self, _connection: char) {
        self.is_open = false;
        self.client.handle_transport_closed(self.now);
        self.settle();
    }

    fn open(&mut self, _connection: char) {}

    fn pass(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.settle();
        }
        self.now = until;
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Do { call, arguments, is_refused } => match (self.call(call, arguments), is_refused) {
                (Ok(()), true) => return Err("  the call was accepted".to_owned()),
                (Err(why), false) => return Err(format!("  the call was refused: {why}")),
                _ => {}
            },
            Act::Got(topic, payload) => {
                let got = self.messages.pop_front();
                if got.as_ref() != Some(&(topic.clone(), payload.clone())) {
                    let shown = got.map(|(topic, payload)| {
                        (String::from_utf8_lossy(&topic).into_owned(), String::from_utf8_lossy(&payload).into_owned())
                    });
                    return Err(format!("  the program got {shown:?}"));
                }
            }
            other => return Err(format!("{other:?} is for cases of the broker")),
        }
        self.settle();
        Ok(())
    }

    fn left_over(&self) -> Option<String> {
        let (topic, payload) = self.messages.front()?;
        Some(format!("  the program also got {:?} {:?}", String::from_utf8_lossy(topic), String::from_utf8_lossy(payload)))
    }

    fn version(&self, _connection: char) -> ProtocolVersion {
        self.version
    }
}
