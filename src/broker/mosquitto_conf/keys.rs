//! Every setting of mosquitto.conf(5) by name, and what becomes of it here.

use crate::text::{Key, key};

/// What becomes of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is carried over.
    Used(Setting),
    /// There is nothing here that it could change; the key says why. The import goes on.
    WithoutEffect(Key),
    /// Leaving it out would break what it promises; the key says what is missing. The import is refused.
    Unsupported(Key),
    /// It belongs to a bridge: of no effect, but only behind `connection`.
    Bridge,
}

/// A setting that is carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Setting {
    // Where to listen.
    Listener,
    Port,
    BindAddress,
    Protocol,
    // Of one listener.
    MaxConnections,
    MaxQos,
    MaxTopicAlias,
    // Of one listener with `per_listener_settings true`, of the broker without.
    AllowAnonymous,
    PasswordFile,
    AclFile,
    AllowZeroLengthClientid,
    AutoIdPrefix,
    // Of the broker.
    PerListenerSettings,
    IncludeDir,
    CheckRetainSource,
    ClientidPrefixes,
    GlobalMaxClients,
    GlobalMaxConnections,
    MaxInflightMessages,
    MaxKeepalive,
    MaxPacketSize,
    MaxQueuedBytes,
    MaxQueuedMessages,
    MessageSizeLimit,
    Persistence,
    PersistentClientExpiration,
    QueueQos0Messages,
    RetainAvailable,
    SysInterval,
    UpgradeOutgoingQos,
}

impl Setting {
    /// Whether it may stand in a file more than once.
    pub(super) const fn repeats(self) -> bool {
        matches!(self, Self::Listener | Self::IncludeDir)
    }

    /// Whether it may stand once for each listener.
    pub(super) const fn of_listener(self, per_listener: bool) -> bool {
        match self {
            Self::Protocol | Self::MaxConnections | Self::MaxQos | Self::MaxTopicAlias => true,
            Self::AllowAnonymous | Self::PasswordFile | Self::AclFile | Self::AllowZeroLengthClientid | Self::AutoIdPrefix => per_listener,
            _ => false,
        }
    }

    /// Whether `per_listener_settings` decides what it applies to, and so has to come first.
    pub(super) const fn is_security(self) -> bool {
        self.of_listener(true) && !self.of_listener(false)
    }
}

use Fate::{Bridge, Unsupported, Used, WithoutEffect};

const LOG: Fate = WithoutEffect(key::CONF_WHY_LOG);
const PROCESS: Fate = WithoutEffect(key::CONF_WHY_PROCESS);
const DISK: Fate = WithoutEffect(key::CONF_WHY_DISK);
const SOCKET: Fate = WithoutEffect(key::CONF_WHY_SOCKET);
const MEMORY: Fate = WithoutEffect(key::CONF_WHY_MEMORY);
const RETRY: Fate = WithoutEffect(key::CONF_WHY_GONE);
const TLS: Fate = Unsupported(key::CONF_WHY_TLS);
const PLUGIN: Fate = Unsupported(key::CONF_WHY_PLUGIN);
const PLACE: Fate = Unsupported(key::CONF_WHY_LISTENER);

/// Those of mosquitto.conf(5) of 2.0 and those that 2.1 added, in alphabetical order. Beside them `auth_opt_…` and `plugin_opt_…`.
pub(super) const KEYS: [(&str, Fate); 139] = [
    ("accept_protocol_versions", PLACE),
    ("acl_file", Used(Setting::AclFile)),
    ("address", Bridge),
    ("addresses", Bridge),
    ("allow_anonymous", Used(Setting::AllowAnonymous)),
    ("allow_duplicate_messages", RETRY),
    ("allow_zero_length_clientid", Used(Setting::AllowZeroLengthClientid)),
    ("auth_plugin", PLUGIN),
    ("auth_plugin_deny_special_chars", PLUGIN),
    ("auto_id_prefix", Used(Setting::AutoIdPrefix)),
    ("autosave_interval", DISK),
    ("autosave_on_changes", DISK),
    ("bind_address", Used(Setting::BindAddress)),
    ("bind_interface", PLACE),
    ("bridge_alpn", Bridge),
    ("bridge_attempt_unsubscribe", Bridge),
    ("bridge_bind_address", Bridge),
    ("bridge_cafile", Bridge),
    ("bridge_capath", Bridge),
    ("bridge_certfile", Bridge),
    ("bridge_identity", Bridge),
    ("bridge_insecure", Bridge),
    ("bridge_keyfile", Bridge),
    ("bridge_max_packet_size", Bridge),
    ("bridge_max_topic_alias", Bridge),
    ("bridge_outgoing_retain", Bridge),
    ("bridge_protocol_version", Bridge),
    ("bridge_psk", Bridge),
    ("bridge_receive_maximum", Bridge),
    ("bridge_reload_type", Bridge),
    ("bridge_require_ocsp", Bridge),
    ("bridge_session_expiry_interval", Bridge),
    ("bridge_tcp_keepalive", Bridge),
    ("bridge_tcp_user_timeout", Bridge),
    ("bridge_tls_use_os_certs", Bridge),
    ("bridge_tls_version", Bridge),
    ("cafile", TLS),
    ("capath", TLS),
    ("certfile", TLS),
    ("check_retain_source", Used(Setting::CheckRetainSource)),
    ("ciphers", TLS),
    ("ciphers_tls1.3", TLS),
    ("cleansession", Bridge),
    ("clientid", Bridge),
    ("clientid_prefixes", Used(Setting::ClientidPrefixes)),
    ("connection", Bridge),
    ("connection_messages", LOG),
    ("crlfile", TLS),
    ("dhparamfile", TLS),
    ("disable_client_cert_date_checks", TLS),
    ("enable_control_api", PLUGIN),
    ("enable_proxy_protocol", PLACE),
    ("global_max_clients", Used(Setting::GlobalMaxClients)),
    ("global_max_connections", Used(Setting::GlobalMaxConnections)),
    ("global_plugin", PLUGIN),
    ("http_dir", PLACE),
    ("idle_timeout", Bridge),
    ("include_dir", Used(Setting::IncludeDir)),
    ("keepalive_interval", Bridge),
    ("keyfile", TLS),
    ("listener", Used(Setting::Listener)),
    ("listener_allow_anonymous", PLACE),
    ("listener_auto_id_prefix", PLACE),
    ("local_cleansession", Bridge),
    ("local_clientid", Bridge),
    ("local_password", Bridge),
    ("local_username", Bridge),
    ("log_dest", LOG),
    ("log_facility", LOG),
    ("log_timestamp", LOG),
    ("log_timestamp_format", LOG),
    ("log_type", LOG),
    ("max_connections", Used(Setting::MaxConnections)),
    ("max_inflight_bytes", MEMORY),
    ("max_inflight_messages", Used(Setting::MaxInflightMessages)),
    ("max_keepalive", Used(Setting::MaxKeepalive)),
    ("max_packet_size", Used(Setting::MaxPacketSize)),
    ("max_qos", Used(Setting::MaxQos)),
    ("max_queued_bytes", Used(Setting::MaxQueuedBytes)),
    ("max_queued_messages", Used(Setting::MaxQueuedMessages)),
    ("max_topic_alias", Used(Setting::MaxTopicAlias)),
    ("max_topic_alias_broker", RETRY),
    ("memory_limit", MEMORY),
    ("message_size_limit", Used(Setting::MessageSizeLimit)),
    ("mount_point", PLACE),
    ("notification_topic", Bridge),
    ("notifications", Bridge),
    ("notifications_local_only", Bridge),
    ("packet_buffer_size", MEMORY),
    ("packet_max_auth", PLACE),
    ("packet_max_connect", PLACE),
    ("packet_max_simple", PLACE),
    ("packet_max_sub", PLACE),
    ("password", Bridge),
    ("password_file", Used(Setting::PasswordFile)),
    ("per_listener_settings", Used(Setting::PerListenerSettings)),
    ("persistence", Used(Setting::Persistence)),
    ("persistence_file", DISK),
    ("persistence_location", DISK),
    ("persistent_client_expiration", Used(Setting::PersistentClientExpiration)),
    ("pid_file", PROCESS),
    ("plugin", PLUGIN),
    ("plugin_load", PLUGIN),
    ("plugin_use", PLUGIN),
    ("port", Used(Setting::Port)),
    ("protocol", Used(Setting::Protocol)),
    ("psk_file", TLS),
    ("psk_hint", TLS),
    ("queue_qos0_messages", Used(Setting::QueueQos0Messages)),
    ("remote_clientid", Bridge),
    ("remote_password", Bridge),
    ("remote_username", Bridge),
    ("require_certificate", TLS),
    ("restart_timeout", Bridge),
    ("retain_available", Used(Setting::RetainAvailable)),
    ("retain_expiry_interval", MEMORY),
    ("retry_interval", RETRY),
    ("round_robin", Bridge),
    ("set_tcp_nodelay", SOCKET),
    ("socket_domain", PLACE),
    ("start_type", Bridge),
    ("store_clean_interval", RETRY),
    ("sys_interval", Used(Setting::SysInterval)),
    ("threshold", Bridge),
    ("tls_engine", TLS),
    ("tls_engine_kpass_sha1", TLS),
    ("tls_keyform", TLS),
    ("tls_version", TLS),
    ("topic", Bridge),
    ("try_private", Bridge),
    ("upgrade_outgoing_qos", Used(Setting::UpgradeOutgoingQos)),
    ("use_identity_as_username", TLS),
    ("use_subject_as_username", TLS),
    ("use_username_as_clientid", PLACE),
    ("user", PROCESS),
    ("username", Bridge),
    ("websockets_headers_size", SOCKET),
    ("websockets_log_level", LOG),
    ("websockets_origin", PLACE),
];

/// What becomes of the setting with this name; `None` if there is none. Names are case-sensitive.
pub(super) fn fate(name: &str) -> Option<Fate> {
    if name.starts_with("auth_opt_") || name.starts_with("plugin_opt_") {
        return Some(PLUGIN);
    }
    let index = KEYS.binary_search_by_key(&name, |(key, _)| *key).ok()?;
    KEYS.get(index).map(|(_, fate)| *fate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_name_is_found() {
        assert!(KEYS.is_sorted_by_key(|(key, _)| *key));
        for (name, expected) in KEYS {
            assert_eq!(fate(name), Some(expected), "{name}");
        }
        assert_eq!(fate("plugin_opt_config_file"), Some(PLUGIN));
        assert_eq!((fate("max_inflight"), fate("")), (None, None));
    }
}
