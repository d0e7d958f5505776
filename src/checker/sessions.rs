//! Sessions at the broker: how they begin, go on and end, with their subscriptions, Wills and timers.

use super::session::{Session, Subscribed, Will};
use super::{Checker, Invariant, TOLERANCE, reference};
use crate::broker::EndCause;
use crate::packet::{ClientId, Connack, ProtocolVersion, QoS, ReasonCode, RetainHandling, Suback, TopicFilter, Unsuback};
use crate::session::ConnectionId;
use crate::time::{Duration, Instant};
use crate::trace::{NodeId, RecordId};

/// A Session Expiry Interval that never passes.
const FOR_EVER: u32 = u32::MAX;

const fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds as u64)
}

impl Checker {
    /// The broker's answer to CONNECT: with Success a session begins or goes on.
    pub(super) fn take_connack(&mut self, record: RecordId, id: ConnectionId, connack: &Connack) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(connect) = connection.connect.clone().filter(|_| connack.reason_code == ReasonCode::Success) else { return };
        let client_id = connack.properties.assigned_client_identifier.clone().unwrap_or_else(|| connect.client_id.clone());
        connection.client_id = Some(client_id.clone());
        let keep_alive = connack.properties.server_keep_alive.unwrap_or(connect.keep_alive);
        self.start_keep_alive(id, keep_alive);
        if !self.sees_broker {
            return;
        }
        self.findings.test(Invariant::Sessions);
        let existed = self.sessions.contains_key(&client_id);
        if existed && connect.clean_start {
            let fault = (Invariant::Sessions, "MQTT-3.1.2-4", "Clean Start did not end the session");
            self.break_on(Some(id), record, None, fault);
            self.sessions.remove(&client_id);
        } else if existed != connack.session_present {
            let clause = if existed { "MQTT-3.2.2-3" } else { "MQTT-3.2.2-2" };
            self.break_on(Some(id), record, None, (Invariant::Sessions, clause, "Session Present does not tell the truth"));
        }
        let version = connect.version;
        let session = self.sessions.entry(client_id).or_insert_with(|| Session::new(version, now));
        let is_taken = session.online.is_some_and(|other| other != id);
        let has_will = session.will.is_some();
        session.version = version;
        session.online = Some(id);
        session.due = None;
        session.active_at = now;
        let asked = match version {
            ProtocolVersion::V5 => connect.properties.session_expiry_interval.unwrap_or(0),
            ProtocolVersion::V311 if connect.clean_start => 0,
            ProtocolVersion::V311 => FOR_EVER,
        };
        let most = self.limits.as_ref().map_or(FOR_EVER, |limits| limits.session_expiry_max);
        session.expiry = connack.properties.session_expiry_interval.unwrap_or_else(|| asked.min(most));
        session.will = connect.will.clone().map(|message| Will { message, due: None });
        if is_taken {
            let fault = (Invariant::Sessions, "MQTT-3.1.4-3", "two connections have the same Client Identifier");
            self.break_on(Some(id), record, None, fault);
        }
        if has_will {
            let fault = (Invariant::Will, "MQTT-3.1.3-9", "the Will of an earlier connection was neither published nor discarded");
            self.break_on(Some(id), record, None, fault);
        }
        let count = self.sessions.len();
        if let Some(limits) = &self.limits {
            self.findings.test(Invariant::Bounded);
            if count > limits.max_sessions {
                self.break_on(Some(id), record, None, (Invariant::Bounded, "", "more sessions than the broker may have"));
            }
        }
    }

    pub(super) fn change_expiry(&mut self, client_id: &ClientId, seconds: u32) {
        let most = self.limits.as_ref().map_or(FOR_EVER, |limits| limits.session_expiry_max);
        if let Some(session) = self.sessions.get_mut(client_id).filter(|session| session.expiry > 0) {
            session.expiry = seconds.min(most);
        }
    }

    /// The broker has done with a connection.
    pub(super) fn take_end(&mut self, record: RecordId, id: ConnectionId, cause: &EndCause) {
        let (now, is_off) = (self.now, self.broker_is_off);
        if let Some(incoming) = &mut self.batch.publish
            && incoming.connection == id
        {
            incoming.is_accepted = true;
        }
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.is_over = true;
        let discards = connection.disconnect == Some(ReasonCode::Success) && !matches!(cause, EndCause::ClientMisbehaved { .. });
        if let EndCause::KeepAliveTimeout = cause {
            let (heard_at, silence) = (connection.heard_at, connection.silence_max);
            self.findings.test(Invariant::KeepAlive);
            if silence.is_none_or(|silence| heard_at + silence > now) {
                let fault = (Invariant::KeepAlive, "MQTT-3.1.2-22", "closed before one and a half times the Keep Alive");
                self.break_on(Some(id), record, None, fault);
            }
        }
        let Some(client_id) = self.connections.get(&id).and_then(|connection| connection.client_id.clone()) else { return };
        let Some(session) = self.sessions.get_mut(&client_id).filter(|session| session.online == Some(id)) else { return };
        session.online = None;
        session.due = (session.expiry != FOR_EVER).then(|| now + seconds(session.expiry));
        if discards {
            session.will = None;
        }
        if !is_off {
            plan_will(session, now);
        }
        let (session_due, will_due) = (session.due, session.will.as_ref().and_then(|will| will.due));
        for due in [session_due, will_due].into_iter().flatten() {
            self.next_due = self.next_due.min(due);
        }
    }

    pub(super) fn take_session_end(&mut self, record: RecordId, client_id: &ClientId) {
        let now = self.now;
        self.findings.test(Invariant::Sessions);
        let starts_clean = self.connections.values().any(|connection| {
            connection.client_id.is_none()
                && !connection.is_over
                && connection.connect.as_ref().is_some_and(|connect| connect.clean_start && connect.client_id == *client_id)
        });
        let Some(mut session) = self.sessions.remove(client_id) else { return };
        let is_due = session.due.is_some_and(|due| due <= now) || session.is_over();
        let dies = self.broker_dies();
        if session.online.is_some() || !(is_due || starts_clean || dies) {
            self.break_at(record, None, (Invariant::Sessions, "MQTT-3.1.2-23", "a session ended before its time"));
        }
        if let Some(will) = &mut session.will {
            will.due = Some(now);
        }
        self.ended.push((client_id.clone(), session));
    }

    pub(super) fn take_power(&mut self, node: NodeId, on: bool) {
        let now = self.now;
        if node != NodeId::BROKER {
            // Its program forgets what it sends, unless it has a store.
            self.outgoing.entry(node).or_default().forget_perhaps();
            return;
        }
        self.end_batch();
        self.broker_is_off = !on;
        if on {
            self.restarted_at = now;
            for session in self.sessions.values_mut() {
                session.due = session.due.map(|due| due.max(now));
                if session.online.is_none() && session.will.as_ref().is_some_and(|will| will.due.is_none()) {
                    plan_will(session, now);
                } else if let Some(due) = session.will.as_mut().and_then(|will| will.due.as_mut()) {
                    *due = (*due).max(now);
                }
            }
            self.next_due = now;
        }
    }

    pub(super) fn take_will_scheduled(&mut self, record: RecordId, client_id: &ClientId, at: Instant) {
        let due = self.sessions.get(client_id).and_then(|session| session.will.as_ref()).and_then(|will| will.due);
        if due != Some(at) {
            self.break_at(record, None, (Invariant::Will, "MQTT-3.1.3-9", "a Will is to come at another time than its delay says"));
        }
    }

    pub(super) fn take_will_discarded(&mut self, record: RecordId, client_id: &ClientId, resumed: bool) {
        let dies = self.broker_dies();
        self.findings.test(Invariant::Will);
        let Some(session) = self.sessions.get_mut(client_id) else { return };
        let will = session.will.take();
        let may = match &will {
            // The model has done so before.
            None => true,
            Some(will) => dies || resumed && will.due.is_none_or(|due| due >= self.now),
        };
        if !may {
            self.break_at(record, None, (Invariant::Will, "MQTT-3.1.2-10", "a Will was discarded that has to be published"));
        }
    }

    pub(super) fn take_will_published(&mut self, record: RecordId, client_id: &ClientId, message: crate::broker::MessageId) {
        let now = self.now;
        self.findings.test(Invariant::Will);
        let earlier = self.batch.will.replace((message, client_id.clone()));
        let will = self.session_or_ended(client_id).and_then(|session| session.will.as_ref());
        let fault = match will.map(|will| will.due) {
            // What is accepted next takes it; the first one waits for that still.
            _ if earlier.is_some_and(|(_, of)| of == *client_id) => Some("a Will is published twice"),
            None => Some("a Will is published that was discarded, published before, or never given"),
            Some(None) => Some("a Will is published while its Client is connected"),
            Some(Some(due)) if due > now => Some("a Will is published before its time"),
            _ => None,
        };
        if let Some(what) = fault {
            self.break_at(record, None, (Invariant::Will, "MQTT-3.1.2-8", what));
        }
    }

    /// What was due and did not happen.
    pub(super) fn check_timers(&mut self) {
        let now = self.now;
        let record = self.last_record();
        let is_late = |due: Instant| due + TOLERANCE < now;
        let mut next = Instant::FAR_FUTURE;
        let mut faults = Vec::new();
        for session in self.sessions.values_mut() {
            if let Some(due) = session.will.as_ref().and_then(|will| will.due) {
                if is_late(due) {
                    session.will = None;
                    faults.push((None, (Invariant::Will, "MQTT-3.1.2-8", "a Will was due and did not come")));
                } else {
                    next = next.min(due);
                }
            }
            if let Some(due) = session.due {
                if is_late(due) {
                    session.due = None;
                    faults.push((None, (Invariant::Sessions, "MQTT-3.1.2-23", "a session lives on after its expiry")));
                } else {
                    next = next.min(due);
                }
            }
        }
        for (id, connection) in &mut self.connections {
            let Some(silence) = connection.silence_max.filter(|_| !connection.is_over) else { continue };
            let due = connection.heard_at + silence;
            if is_late(due) {
                connection.silence_max = None;
                let fault =
                    (Invariant::KeepAlive, "MQTT-3.1.2-22", "still open after one and a half times the Keep Alive without a packet");
                faults.push((Some(*id), fault));
            } else {
                next = next.min(due);
            }
        }
        for (id, fault) in faults {
            self.break_on(id, record, None, fault);
        }
        // A program that was frozen takes what came before the end only later.
        self.connections.retain(|_, connection| {
            let is_gone = connection.is_over && connection.is_left;
            let has_more = !connection.from_client.sent.is_empty() || !connection.from_broker.sent.is_empty();
            has_more || !is_gone
        });
        self.next_due = next;
    }

    pub(super) fn take_suback(&mut self, record: RecordId, id: ConnectionId, suback: &Suback) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let client_id = connection.client_id.clone();
        self.findings.test(Invariant::OneCodeEach);
        let Some((asked_at, subscribe)) = connection.subscribes.remove(&suback.packet_id) else {
            return self.break_on(Some(id), record, None, (Invariant::OneCodeEach, "MQTT-3.8.4-2", "SUBACK answers no SUBSCRIBE"));
        };
        if suback.reason_codes.len() != subscribe.subscriptions.len() {
            let fault = (Invariant::OneCodeEach, "MQTT-3.8.4-6", "SUBACK has not one code for each filter");
            return self.break_on(Some(id), record, Some(asked_at), fault);
        }
        let Some(client_id) = client_id.filter(|_| self.sees_broker) else { return };
        let mut fresh: Vec<(TopicFilter, Subscribed)> = Vec::new();
        for (asked, code) in subscribe.subscriptions.iter().zip(&suback.reason_codes) {
            let granted = match code {
                ReasonCode::Success => QoS::AtMostOnce,
                ReasonCode::GrantedQoS1 => QoS::AtLeastOnce,
                ReasonCode::GrantedQoS2 => QoS::ExactlyOnce,
                _ => continue,
            };
            if granted > asked.options.qos {
                let fault = (Invariant::OneCodeEach, "MQTT-3.8.4-7", "more QoS is granted than was asked for");
                self.break_on(Some(id), record, Some(asked_at), fault);
            }
            let Some(session) = self.sessions.get_mut(&client_id) else { return };
            let mut subscribed = Subscribed { options: asked.options, identifier: subscribe.properties.subscription_identifier };
            subscribed.options.qos = granted;
            let existed = session.subscriptions.insert(asked.filter.clone(), subscribed).is_some();
            let wants = match asked.options.retain_handling {
                RetainHandling::SendAtSubscribe => true,
                RetainHandling::SendIfNew => !existed,
                RetainHandling::DoNotSend => false,
            };
            if wants && !asked.filter.as_str().starts_with("$share/") {
                fresh.push((asked.filter.clone(), subscribed));
            }
        }
        for (filter, subscribed) in fresh {
            let brought = self.retained.iter().filter(|(topic, _)| reference::matches(filter.as_str(), topic.as_str()));
            let brought: Vec<_> = brought.map(|(_, message)| message.clone()).collect();
            for message in brought {
                self.owe_retained(record, &client_id, &message, subscribed);
            }
        }
        if let (Some(limits), Some(session)) = (&self.limits, self.sessions.get(&client_id)) {
            self.findings.test(Invariant::Bounded);
            if session.subscriptions.len() > limits.max_subscriptions {
                self.break_on(Some(id), record, None, (Invariant::Bounded, "", "more subscriptions than a session may have"));
            }
        }
    }

    pub(super) fn take_unsuback(&mut self, record: RecordId, id: ConnectionId, unsuback: &Unsuback) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let (version, client_id) = (connection.version, connection.client_id.clone());
        self.findings.test(Invariant::OneCodeEach);
        let Some((asked_at, unsubscribe)) = connection.unsubscribes.remove(&unsuback.packet_id) else {
            return self.break_on(Some(id), record, None, (Invariant::OneCodeEach, "MQTT-3.10.4-4", "UNSUBACK answers no UNSUBSCRIBE"));
        };
        if version == ProtocolVersion::V5 && unsuback.reason_codes.len() != unsubscribe.filters.len() {
            let fault = (Invariant::OneCodeEach, "MQTT-3.11.3-1", "UNSUBACK has not one code for each filter");
            return self.break_on(Some(id), record, Some(asked_at), fault);
        }
        let Some(session) = client_id.and_then(|client_id| self.sessions.get_mut(&client_id)) else { return };
        let mut wrong = false;
        for (place, filter) in unsubscribe.filters.iter().enumerate() {
            match unsuback.reason_codes.get(place) {
                None | Some(ReasonCode::Success) => {
                    let existed = session.subscriptions.remove(filter).is_some();
                    wrong |= !existed && version == ProtocolVersion::V5;
                }
                Some(ReasonCode::NoSubscriptionExisted) => wrong |= session.subscriptions.contains_key(filter),
                Some(_) => {}
            }
        }
        if wrong && self.sees_broker {
            let fault = (Invariant::OneCodeEach, "MQTT-3.11.3-2", "UNSUBACK does not tell the truth");
            self.break_on(Some(id), record, Some(asked_at), fault);
        }
    }

    /// At rest nothing is left over.
    pub(super) fn check_rest(&mut self) {
        let mut faults = Vec::new();
        self.findings.test(Invariant::Liveness);
        for session in self.sessions.values() {
            let Some(id) = session.online else { continue };
            for owed in session.owed.iter().filter(|owed| !owed.is_flying) {
                let invariant = match owed.qos {
                    QoS::AtMostOnce => Invariant::Conservation,
                    QoS::AtLeastOnce => Invariant::AtLeastOnce,
                    QoS::ExactlyOnce => Invariant::ExactlyOnce,
                };
                faults.push((Some(id), owed.record, (invariant, "MQTT-4.5.0-1", "a message never came to a connected subscriber")));
            }
            for flight in session.flow.iter() {
                let invariant = if flight.connection == id {
                    Invariant::Liveness
                } else if flight.qos == QoS::AtLeastOnce {
                    Invariant::AtLeastOnce
                } else {
                    Invariant::ExactlyOnce
                };
                faults.push((
                    Some(id),
                    flight.record,
                    (invariant, "MQTT-4.4.0-1", "a message to a subscriber was never acknowledged, or never sent again"),
                ));
            }
        }
        for (id, connection) in self.connections.iter().filter(|(_, connection)| !connection.is_over && connection.client_id.is_some()) {
            if !connection.from_client.unacknowledged.is_empty() || !connection.from_broker.is_at_rest() {
                let fault = (Invariant::Liveness, "MQTT-4.9.0-2", "a message waits for its acknowledgement");
                faults.push((Some(*id), self.last_record(), fault));
            }
            if let Some(flow) = connection.client.and_then(|client| self.outgoing.get(&client)) {
                for flight in flow.iter() {
                    faults.push((
                        Some(*id),
                        flight.record,
                        (Invariant::Liveness, "MQTT-4.4.0-1", "a message of a Client was never acknowledged, or never sent again"),
                    ));
                }
            }
        }
        for (id, record, fault) in faults {
            self.break_on(id, record, None, fault);
        }
    }
}

/// The connection is gone: when the Will has to come [MQTT-3.1.2-8] [MQTT-3.1.3-9].
fn plan_will(session: &mut Session, now: Instant) {
    let (expiry, session_due) = (session.expiry, session.due);
    if let Some(will) = &mut session.will {
        let delay = will.message.properties.will_delay_interval.unwrap_or(0);
        let at = if expiry == 0 { now } else { now + seconds(delay) };
        will.due = Some(session_due.map_or(at, |end| end.min(at)));
    }
}
