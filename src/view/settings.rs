//! How a broker is set up, as far as that is not as usual.

use crate::broker::{AccessControl, BrokerConfig, ConnectRate, Redirect};
use crate::packet::QoS;
use crate::sim::format_duration;
use crate::text::{Message, key};

/// A setting by its name in scenarios, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRow {
    /// `max_inflight`.
    pub name: &'static str,
    /// As written in a scenario.
    pub value: String,
}

/// What a setting looks like in a scenario.
trait Shown {
    fn shown(&self) -> String;
}

macro_rules! shown_as_it_is {
    ($($kind:ty),*) => { $(impl Shown for $kind { fn shown(&self) -> String { self.to_string() } })* };
}
shown_as_it_is!(bool, u16, u32, usize, String, bytestring::ByteString);

impl Shown for QoS {
    fn shown(&self) -> String {
        u8::from(*self).to_string()
    }
}

impl Shown for crate::time::Duration {
    fn shown(&self) -> String {
        format_duration(*self)
    }
}

impl Shown for ConnectRate {
    fn shown(&self) -> String {
        format!("{} / {}", self.connects, format_duration(self.per))
    }
}

impl Shown for Redirect {
    fn shown(&self) -> String {
        let permanent = if self.permanent { " · permanent" } else { "" };
        let only_when_full = if self.only_when_full { " · only_when_full" } else { "" };
        format!("{}{permanent}{only_when_full}", self.server)
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(|| "–".to_owned(), Shown::shown)
    }
}

/// Every setting that is not what it is in a scenario that says nothing, in the order of the settings.
pub(super) fn unusual(config: &BrokerConfig) -> Vec<SettingRow> {
    let usual = BrokerConfig::default();
    macro_rules! rows {
        ($($name:ident),* $(,)?) => {
            [$((stringify!($name), (config.$name != usual.$name).then(|| config.$name.shown()))),*]
        };
    }
    let rows = rows![
        maximum_qos,
        retain_available,
        receive_maximum,
        max_inflight,
        maximum_packet_size,
        session_expiry_max,
        server_keep_alive,
        max_keep_alive,
        allow_empty_client_id,
        assigned_prefix,
        client_id_prefix,
        max_client_id_bytes,
        response_information,
        redirect,
        connect_timeout,
        connect_rate,
        connect_rate_per_client,
        max_payload,
        upgrade_outgoing_qos,
        max_queued_messages,
        max_queued_bytes,
        max_unwritten_bytes,
        max_unwritten_packets,
        queue_qos_zero,
        max_retained,
        max_payload_bytes,
        max_sessions,
        max_connections,
        max_topic_levels,
        max_subscriptions,
        wildcard_subscription_available,
        subscription_identifiers_available,
        shared_subscription_available,
        topic_alias_maximum,
        max_topic_alias_outgoing,
        sys_interval,
        persistence,
    ];
    rows.into_iter().filter_map(|(name, value)| Some(SettingRow { name, value: value? })).collect()
}

/// Whom the broker lets in, and what they may do. Nothing if everyone may do everything.
pub(super) fn access_words(access: &AccessControl) -> Vec<Message> {
    if access.dynamic.is_some() {
        return vec![key::VIEW_ACCESS_DYNAMIC.message()];
    }
    let users = access.users.as_ref().map(|users| key::VIEW_ACCESS_USERS.with("count", users.len()));
    let anonymous = (!access.allow_anonymous).then(|| key::VIEW_ACCESS_NO_ANONYMOUS.message());
    let acl = access.acl.as_ref().map(|_| key::VIEW_ACCESS_ACL.message());
    [users, anonymous, acl].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_from_the_default_is_shown() {
        assert_eq!(unusual(&BrokerConfig::default()), []);
        assert_eq!(access_words(&AccessControl::default()), []);
        let config = BrokerConfig { max_inflight: 1, server_keep_alive: Some(10), ..BrokerConfig::default() };
        let rows = unusual(&config);
        let rows: Vec<_> = rows.iter().map(|row| (row.name, row.value.as_str())).collect();
        assert_eq!(rows, [("max_inflight", "1"), ("server_keep_alive", "10")]);
    }

    #[test]
    fn where_clients_are_sent_and_how_often_they_may_come_is_shown_as_in_a_scenario() {
        let rate = Some(ConnectRate { connects: 5, per: crate::time::Duration::from_secs(10) });
        let redirect = Some(Redirect { server: "other:1883".into(), permanent: true, only_when_full: false });
        let config = BrokerConfig { redirect, connect_rate: rate, connect_rate_per_client: rate, ..BrokerConfig::default() };
        let rows = unusual(&config);
        let rows: Vec<_> = rows.iter().map(|row| (row.name, row.value.as_str())).collect();
        assert_eq!(rows, [("redirect", "other:1883 · permanent"), ("connect_rate", "5 / 10 s"), ("connect_rate_per_client", "5 / 10 s")]);
    }
}
