//! Nothing is left when all sessions have ended: what of a broker stays although every Client has said goodbye for good.

use super::planted::Flaw;
use crate::broker::Broker;
use crate::packet::{CarriedProperties, ClientId, Connect, Disconnect, Packet, ProtocolVersion, Publish, QoS, ReasonCode, TopicName};
use crate::session::ConnectionId;
use crate::time::Instant;

/// Numbers that no connection of a run has.
const FIRST_CONNECTION: u32 = u32::MAX / 2;

/// Ends every session of a broker and removes all that it retains; says whether anything is left.
pub(super) fn is_anything_left(broker: &Broker, now: Instant, flaw: Option<Flaw>) -> bool {
    let mut broker = Emptied { broker: broker.clone(), now, next: FIRST_CONNECTION };
    broker.empty(usize::from(flaw == Some(Flaw::SessionOverlooked)));
    let broker = broker.broker;
    broker.session_count() > 0
        || broker.retained_count() > 0
        || broker.connection_count() > 0
        || broker.kept_messages() > 0
        || broker.shared_groups().next().is_some()
        || broker.poll_timeout().is_some()
}

struct Emptied {
    broker: Broker,
    now: Instant,
    next: u32,
}

impl Emptied {
    fn empty(&mut self, overlooked: usize) {
        // Connections on which nobody has said who it is.
        let clients: Vec<ClientId> = self.broker.sessions().map(|session| session.client_id.clone()).collect();
        for client_id in clients.iter().skip(overlooked) {
            self.connect(client_id, &[]);
        }
        // Last, since the end of a session may publish a Will with RETAIN.
        let topics: Vec<TopicName> = self.broker.retained().map(|message| message.topic.clone()).collect();
        if !topics.is_empty() {
            self.connect(&ClientId::new("the one who clears up"), &topics);
        }
    }

    /// A connection with Clean Start that removes what these topics retain and says goodbye.
    fn connect(&mut self, client_id: &ClientId, topics: &[TopicName]) {
        let id = ConnectionId(self.next);
        self.next = self.next.saturating_add(1);
        self.broker.handle_connection_opened(self.now, id);
        let connect = Connect { clean_start: true, client_id: client_id.clone(), ..Connect::default() };
        let cleared = topics.iter().map(|topic| {
            Packet::Publish(Publish {
                dup: false,
                qos: QoS::AtMostOnce,
                retain: true,
                topic: topic.clone(),
                packet_id: None,
                properties: CarriedProperties::default(),
                payload: crate::packet::Payload::default(),
            })
        });
        let packets = std::iter::once(Packet::Connect(Box::new(connect)))
            .chain(cleared)
            .chain([Packet::Disconnect(Disconnect::new(ReasonCode::Success))]);
        for packet in packets {
            if let Ok(bytes) = packet.to_bytes(ProtocolVersion::V5) {
                self.broker.handle_bytes(self.now, id, bytes);
            }
        }
        self.broker.handle_connection_closed(self.now, id);
        while self.broker.poll_output().is_some() {}
    }
}
