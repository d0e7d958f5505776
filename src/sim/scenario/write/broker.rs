//! `[broker]`.

use super::text::{Block, seconds};
use crate::broker::{BrokerConfig, ConnectRate, Redirect};
use crate::time::Duration;

pub(super) fn write(config: &BrokerConfig) -> Block {
    let plain = BrokerConfig::default();
    let mut block = Block::new();
    block.unless("allow_anonymous", &config.access.allow_anonymous, &plain.access.allow_anonymous);
    block.unless("retain_available", &config.retain_available, &plain.retain_available);
    block.unless("queue_qos_zero", &config.queue_qos_zero, &plain.queue_qos_zero);
    block.unless("persistence", &config.persistence, &plain.persistence);
    block.unless("upgrade_outgoing_qos", &config.upgrade_outgoing_qos, &plain.upgrade_outgoing_qos);
    block.unless("allow_empty_client_id", &config.allow_empty_client_id, &plain.allow_empty_client_id);
    block.unless("wildcard_subscription_available", &config.wildcard_subscription_available, &plain.wildcard_subscription_available);
    block.unless(
        "subscription_identifiers_available",
        &config.subscription_identifiers_available,
        &plain.subscription_identifiers_available,
    );
    block.unless("shared_subscription_available", &config.shared_subscription_available, &plain.shared_subscription_available);
    block.unless("max_queued_messages", &config.max_queued_messages, &plain.max_queued_messages);
    block.unless("max_queued_bytes", &config.max_queued_bytes, &plain.max_queued_bytes);
    block.unless("max_retained", &config.max_retained, &plain.max_retained);
    block.unless("max_payload_bytes", &config.max_payload_bytes, &plain.max_payload_bytes);
    block.unless("max_sessions", &config.max_sessions, &plain.max_sessions);
    block.unless("max_connections", &config.max_connections, &plain.max_connections);
    block.unless("max_topic_levels", &config.max_topic_levels, &plain.max_topic_levels);
    block.unless("max_subscriptions", &config.max_subscriptions, &plain.max_subscriptions);
    block.unless("max_client_id_bytes", &config.max_client_id_bytes, &plain.max_client_id_bytes);
    block.unless("maximum_qos", &config.maximum_qos, &plain.maximum_qos);
    block.unless("receive_maximum", &config.receive_maximum, &plain.receive_maximum);
    block.unless("max_inflight", &config.max_inflight, &plain.max_inflight);
    block.unless("topic_alias_maximum", &config.topic_alias_maximum, &plain.topic_alias_maximum);
    block.unless("max_topic_alias_outgoing", &config.max_topic_alias_outgoing, &plain.max_topic_alias_outgoing);
    block.unless("maximum_packet_size", &config.maximum_packet_size, &plain.maximum_packet_size);
    block.optional("max_payload", config.max_payload);
    block.optional("connect_rate", config.connect_rate.map(rate));
    block.optional("connect_rate_per_client", config.connect_rate_per_client.map(rate));
    block.unless("session_expiry_max", &seconds(config.session_expiry_max), &seconds(plain.session_expiry_max));
    let keep_alive = |interval: Option<u16>| interval.map(|interval| seconds(u32::from(interval)));
    block.optional("server_keep_alive", keep_alive(config.server_keep_alive));
    block.optional("max_keep_alive", keep_alive(config.max_keep_alive));
    block.unless("connect_timeout", &config.connect_timeout, &plain.connect_timeout);
    block.unless("sys_interval", &config.sys_interval.unwrap_or(Duration::ZERO), &plain.sys_interval.unwrap_or(Duration::ZERO));
    block.unless("assigned_prefix", &config.assigned_prefix, &plain.assigned_prefix);
    block.optional("client_id_prefix", config.client_id_prefix.as_deref());
    block.optional("response_information", config.response_information.as_deref());
    block.optional("redirect", config.redirect.as_ref().map(redirect));
    block
}

fn rate(rate: ConnectRate) -> Block {
    let mut block = Block::new();
    block.value("connects", rate.connects);
    block.value("per", rate.per);
    block
}

fn redirect(redirect: &Redirect) -> Block {
    let mut block = Block::new();
    block.value("server", redirect.server.as_ref() as &str);
    block.unless("permanent", &redirect.permanent, &false);
    block.unless("only_when_full", &redirect.only_when_full, &false);
    block
}
