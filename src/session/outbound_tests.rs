use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::packet::CarriedProperties;

fn message(qos: QoS, number: u64) -> Publish {
    Publish {
        dup: true,
        qos,
        retain: false,
        topic: TopicName::new("a").unwrap(),
        packet_id: None,
        properties: CarriedProperties::default(),
        payload: number.to_string().into(),
    }
}

fn connected(receive_maximum: u16) -> Outbound<u64> {
    let mut outbound = Outbound::new();
    outbound.connection_started(ProtocolVersion::V5, receive_maximum);
    outbound
}

fn send(outbound: &mut Outbound<u64>, qos: QoS, number: u64) -> PacketId {
    outbound.send(number, &message(qos, number)).unwrap().packet_id.unwrap()
}

fn resends(outbound: &mut Outbound<u64>) -> Vec<(&'static str, u16)> {
    std::iter::from_fn(|| outbound.next_resend())
        .map(|packet| {
            if let Packet::Publish(publish) = &packet {
                assert!(publish.dup, "[MQTT-3.3.1-1]");
            }
            (packet.packet_type().name(), packet.packet_id().unwrap().as_u16())
        })
        .collect()
}

#[test]
fn a_first_publish_has_an_id_and_dup_0_and_at_qos_0_neither_4_3_1_1_4_3_2_2() {
    let mut outbound = connected(2);
    let sent = outbound.send(1, &message(QoS::AtLeastOnce, 1)).unwrap();
    assert_eq!((sent.packet_id, sent.dup), (Some(PacketId::MIN), false));
    let sent = outbound.send(2, &message(QoS::AtMostOnce, 2)).unwrap();
    assert_eq!((sent.packet_id, sent.dup), (None, false));
    assert_eq!((outbound.len(), outbound.send_quota()), (1, 1));
}

#[test]
fn qos_1_ends_with_puback_4_3_2_3() {
    let mut outbound = connected(1);
    let id = send(&mut outbound, QoS::AtLeastOnce, 7);
    assert_eq!(outbound.send(8, &message(QoS::AtLeastOnce, 8)), Err(Blocked::SendQuota), "[MQTT-4.9.0-2]");
    assert_eq!(outbound.handle_puback(id), Acknowledged::Completed { tag: 7 });
    assert_eq!((outbound.send_quota(), outbound.is_in_use(id)), (1, false));
    assert_eq!(outbound.handle_puback(id), Acknowledged::Unknown { pubrel: None });
    assert_eq!(outbound.send_quota(), 1, "never above Receive Maximum");
}

#[test]
fn qos_2_holds_its_id_and_quota_until_pubcomp_4_3_3_4_4_3_3_5() {
    let mut outbound = connected(1);
    let id = send(&mut outbound, QoS::ExactlyOnce, 7);
    let Acknowledged::Released { tag: 7, pubrel } = outbound.handle_pubrec(id, ReasonCode::Success) else { panic!() };
    assert_eq!((pubrel.packet_id, pubrel.reason_code), (id, ReasonCode::Success));
    assert_eq!((outbound.send_quota(), outbound.is_in_use(id)), (0, true));
    assert!(matches!(outbound.handle_pubrec(id, ReasonCode::Success), Acknowledged::ReleasedAgain { .. }));
    assert_eq!(outbound.handle_pubcomp(id), Acknowledged::Completed { tag: 7 });
    assert_eq!((outbound.send_quota(), outbound.is_in_use(id)), (1, false));
}

#[test]
fn a_refusing_pubrec_ends_the_exchange_4_4_0_2() {
    let mut outbound = connected(1);
    let id = send(&mut outbound, QoS::ExactlyOnce, 7);
    assert_eq!(outbound.handle_pubrec(id, ReasonCode::QuotaExceeded), Acknowledged::Completed { tag: 7 });
    assert!(outbound.is_empty() && !outbound.is_in_use(id));
    assert_eq!(outbound.send_quota(), 1);
}

#[test]
fn pubrec_for_an_unknown_id_is_answered_with_pubrel_0x92_in_5_0_only() {
    let id = PacketId::new(9).unwrap();
    for (version, expected) in [(ProtocolVersion::V5, ReasonCode::PacketIdentifierNotFound), (ProtocolVersion::V311, ReasonCode::Success)] {
        let mut outbound = Outbound::<u64>::new();
        outbound.connection_started(version, 1);
        let pubrel = Some(Acknowledgement::new(id, expected));
        assert_eq!(outbound.handle_pubrec(id, ReasonCode::Success), Acknowledged::Unknown { pubrel });
    }
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_changes_nothing_2_2_1_5() {
    let mut outbound = connected(9);
    let request = outbound.allocate_request_id().unwrap();
    let one = send(&mut outbound, QoS::AtLeastOnce, 1);
    let two = send(&mut outbound, QoS::ExactlyOnce, 2);
    let before = outbound.clone();
    for wrong in [
        outbound.handle_puback(request),
        outbound.handle_pubrec(request, ReasonCode::Success),
        outbound.handle_pubcomp(request),
        outbound.handle_pubrec(one, ReasonCode::Success),
        outbound.handle_pubcomp(one),
        outbound.handle_puback(two),
        outbound.handle_pubcomp(two),
    ] {
        assert_eq!(wrong, Acknowledged::OutOfTurn);
    }
    assert!(!outbound.release_request_id(one));
    assert_eq!(outbound, before);
    assert!(outbound.release_request_id(request));
}

#[test]
fn nothing_is_sent_again_on_a_living_connection_and_all_after_resumption_4_4_0_1_4_6_0_1() {
    let mut outbound = connected(9);
    let first = send(&mut outbound, QoS::ExactlyOnce, 1);
    send(&mut outbound, QoS::AtLeastOnce, 2);
    send(&mut outbound, QoS::ExactlyOnce, 3);
    let done = send(&mut outbound, QoS::AtLeastOnce, 4);
    outbound.handle_puback(done);
    outbound.handle_pubrec(first, ReasonCode::Success);
    assert_eq!(resends(&mut outbound), []);
    outbound.connection_ended();
    assert_eq!((resends(&mut outbound), outbound.blocked()), (vec![], Some(Blocked::SendQuota)));
    outbound.connection_started(ProtocolVersion::V5, 9);
    assert_eq!(outbound.blocked(), Some(Blocked::ResendDue), "old before new");
    assert_eq!(resends(&mut outbound), [("PUBREL", 1), ("PUBLISH", 2), ("PUBLISH", 3)]);
    assert_eq!((outbound.send_quota(), outbound.blocked()), (7, None), "PUBREL takes no quota");
    assert_eq!(resends(&mut outbound), []);
}

#[test]
fn pubrels_are_sent_again_in_the_order_of_their_pubrecs_4_6_0_4() {
    let mut outbound = connected(9);
    let first = send(&mut outbound, QoS::ExactlyOnce, 1);
    send(&mut outbound, QoS::ExactlyOnce, 2);
    let third = send(&mut outbound, QoS::ExactlyOnce, 3);
    outbound.handle_pubrec(third, ReasonCode::Success);
    outbound.handle_pubrec(first, ReasonCode::Success);
    outbound.connection_started(ProtocolVersion::V5, 9);
    assert_eq!(resends(&mut outbound), [("PUBREL", 3), ("PUBLISH", 2), ("PUBREL", 1)]);
}

#[test]
fn a_smaller_receive_maximum_delays_publishes_but_no_pubrel_4_9_0_3() {
    let mut outbound = connected(9);
    for number in 1..=4 {
        send(&mut outbound, QoS::ExactlyOnce, number);
    }
    outbound.handle_pubrec(PacketId::new(4).unwrap(), ReasonCode::Success);
    outbound.connection_started(ProtocolVersion::V5, 1);
    assert_eq!(resends(&mut outbound), [("PUBLISH", 1), ("PUBREL", 4)]);
    assert!(matches!(outbound.handle_pubcomp(PacketId::new(4).unwrap()), Acknowledged::Completed { tag: 4 }));
    assert_eq!(resends(&mut outbound), [], "a PUBREL of an earlier connection gives no quota back [MQTT-3.3.4-7]");
    outbound.handle_pubrec(PacketId::MIN, ReasonCode::UnspecifiedError);
    assert_eq!(resends(&mut outbound), [("PUBLISH", 2)]);
}

#[test]
fn a_topic_alias_is_not_kept_for_a_later_connection_3_3_2_7() {
    let mut outbound = connected(1);
    let mut aliased = message(QoS::AtLeastOnce, 1);
    aliased.properties.topic_alias = Some(3);
    outbound.send(1, &aliased).unwrap();
    outbound.connection_started(ProtocolVersion::V5, 1);
    let Some(Packet::Publish(again)) = outbound.next_resend() else { panic!() };
    assert_eq!(again.properties.topic_alias, None);
}

#[test]
fn requests_share_the_identifiers_and_lose_them_with_the_connection() {
    let mut outbound = connected(9);
    assert_eq!(outbound.allocate_request_id().unwrap().as_u16(), 1);
    assert_eq!(send(&mut outbound, QoS::AtLeastOnce, 1).as_u16(), 2);
    outbound.connection_ended();
    assert!(!outbound.is_in_use(PacketId::MIN));
    assert!(outbound.is_in_use(PacketId::new(2).unwrap()));
}

#[test]
fn a_discarded_session_gives_back_what_was_in_flight() {
    let mut outbound = connected(9);
    send(&mut outbound, QoS::ExactlyOnce, 1);
    send(&mut outbound, QoS::AtLeastOnce, 2);
    assert_eq!(outbound.discard().into_iter().map(|(tag, _)| tag).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((outbound.len(), outbound.send_quota()), (0, 9));
    assert_eq!(send(&mut outbound, QoS::AtLeastOnce, 3), PacketId::MIN);
}

#[derive(Clone, Debug)]
enum Step {
    Send(QoS),
    Request,
    Puback(u16),
    Pubrec(u16, bool),
    Pubcomp(u16),
    RequestDone(u16),
    Reconnect(u16),
    Resend,
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1u16..12;
    prop_oneof![
        4 => prop_oneof![Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce), Just(QoS::AtMostOnce)].prop_map(Step::Send),
        1 => Just(Step::Request),
        3 => id.clone().prop_map(Step::Puback),
        3 => (id.clone(), any::<bool>()).prop_map(|(id, refused)| Step::Pubrec(id, refused)),
        3 => id.clone().prop_map(Step::Pubcomp),
        1 => id.prop_map(Step::RequestDone),
        1 => (1u16..8).prop_map(Step::Reconnect),
        2 => Just(Step::Resend),
    ]
}

proptest! {
    #[test]
    fn ids_quota_and_order_hold_whatever_comes(steps in proptest::collection::vec(step(), 0..200), start in 1u16..8) {
        let mut outbound = connected(start);
        let mut maximum = start;
        // The receiver's view of this connection: PUBLISHes without final acknowledgement.
        let mut unacknowledged = BTreeSet::new();
        let mut number = 0;
        for step in steps {
            match step {
                Step::Send(qos) => {
                    number += 1;
                    let in_use: BTreeSet<PacketId> = outbound.iter().map(|flight| flight.packet_id).chain(outbound.requests.iter().copied()).collect();
                    if let Ok(Publish { packet_id: Some(id), .. }) = outbound.send(number, &message(qos, number)) {
                        prop_assert!(!in_use.contains(&id), "an identifier in flight was used again");
                        unacknowledged.insert(id);
                    }
                }
                Step::Request => {
                    let in_flight = outbound.len() + outbound.requests.len();
                    outbound.allocate_request_id();
                    prop_assert_eq!(outbound.len() + outbound.requests.len(), in_flight + 1);
                }
                Step::Puback(id) => {
                    let id = PacketId::new(id).unwrap();
                    if let Acknowledged::Completed { .. } = outbound.handle_puback(id) {
                        unacknowledged.remove(&id);
                    }
                }
                Step::Pubrec(id, refused) => {
                    let id = PacketId::new(id).unwrap();
                    let code = if refused { ReasonCode::NotAuthorized } else { ReasonCode::Success };
                    if let Acknowledged::Completed { .. } = outbound.handle_pubrec(id, code) {
                        unacknowledged.remove(&id);
                    }
                }
                Step::Pubcomp(id) => {
                    let id = PacketId::new(id).unwrap();
                    if let Acknowledged::Completed { .. } = outbound.handle_pubcomp(id) {
                        unacknowledged.remove(&id);
                    }
                }
                Step::RequestDone(id) => {
                    outbound.release_request_id(PacketId::new(id).unwrap());
                }
                Step::Reconnect(receive_maximum) => {
                    maximum = receive_maximum;
                    unacknowledged.clear();
                    outbound.connection_started(ProtocolVersion::V5, maximum);
                }
                Step::Resend => {
                    let order: Vec<PacketId> = outbound.iter().map(|flight| flight.packet_id).collect();
                    let mut last = 0;
                    while let Some(packet) = outbound.next_resend() {
                        let id = packet.packet_id().unwrap();
                        if matches!(packet, Packet::Publish(_)) {
                            unacknowledged.insert(id);
                            let place = order.iter().position(|other| *other == id).unwrap();
                            prop_assert!(place >= last);
                            last = place;
                        }
                    }
                }
            }
            prop_assert!(unacknowledged.len() <= usize::from(maximum), "[MQTT-3.3.4-7]");
            prop_assert!(outbound.send_quota() <= maximum);
            let tags: Vec<u64> = outbound.iter().map(|flight| *flight.tag).collect();
            prop_assert!(tags.is_sorted(), "in the order of first sending");
            let ids: BTreeSet<PacketId> = outbound.iter().map(|flight| flight.packet_id).collect();
            prop_assert_eq!(ids.len(), outbound.len());
        }
        // Finish everything: the quota is back at its start and nothing is left.
        loop {
            while outbound.next_resend().is_some() {}
            let Some((id, awaiting)) = outbound.iter().map(|flight| (flight.packet_id, flight.awaiting)).next() else { break };
            match awaiting {
                Awaiting::Puback => drop(outbound.handle_puback(id)),
                Awaiting::Pubrec => drop(outbound.handle_pubrec(id, ReasonCode::Success)),
                Awaiting::Pubcomp => drop(outbound.handle_pubcomp(id)),
            }
        }
        prop_assert_eq!(outbound.send_quota(), maximum);
        outbound.connection_ended();
        prop_assert!((1..=u16::MAX).all(|id| !outbound.is_in_use(PacketId::new(id).unwrap())), "no identifier leaks");
    }
}
