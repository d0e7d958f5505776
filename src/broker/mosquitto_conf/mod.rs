//! Import of `mosquitto.conf`: what of it this broker can do, and a word about each line that it cannot follow.
//!
//! No line is passed over in silence. A mistake, or a setting whose promise would be broken by leaving it out (TLS, plugins), refuses the import; what has nothing to
//! change here (where the log goes, the file for the process number) is noted. The engine reads no files: paths are given back to the caller.

mod keys;
mod merge;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use keys::{Fate, Setting};
use value::Line;

use super::{BrokerConfig, Profile};
use crate::text::{Diagnostic, Message, key, nearest};
use crate::time::Duration;

/// What Mosquitto does where the file does not say.
const SYS_INTERVAL_DEFAULT: Duration = Duration::from_secs(10);
/// Longest file in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// More remarks than this are not kept.
const MAX_DIAGNOSTICS: usize = 200;
/// More listeners than this are refused.
const MAX_LISTENERS: usize = 64;

/// What a `mosquitto.conf` sets up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MosquittoConf {
    /// Settings of the broker, without those of access. What the file does not say is as in Mosquitto, as far as this broker has it.
    pub broker: BrokerConfig,
    /// Whether Clients without User Name are accepted.
    pub allow_anonymous: bool,
    /// Where to listen; at least one.
    pub listeners: Vec<ListenerConf>,
    /// Path of the password file, for the caller to read.
    pub password_file: Option<String>,
    /// Path of the ACL file, for the caller to read.
    pub acl_file: Option<String>,
    /// What the file says without an effect here, line by line.
    pub notes: Vec<Diagnostic>,
}

/// One address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConf {
    /// TCP port.
    pub port: u16,
    /// Address or host name to bind to; `None` is every address.
    pub address: Option<String>,
    /// What is spoken there.
    pub protocol: ListenerProtocol,
    /// Connections at once; `None` for as many as the broker takes.
    pub max_connections: Option<usize>,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListenerProtocol {
    /// MQTT over TCP.
    #[default]
    Mqtt,
    /// MQTT over WebSocket.
    Websockets,
}

impl MosquittoConf {
    /// Reads one file; `file` is its name for messages. Use [`MosquittoImport`] where `include_dir` matters.
    ///
    /// # Errors
    /// All mistakes, with the notes, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut import = MosquittoImport::new();
        import.read(file, text);
        import.finish()
    }
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    file: String,
    line: usize,
    column: usize,
}

/// A setting with its place.
type Placed<T> = Option<(T, Place)>;

/// What is said of one listener, or of the broker before any listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Section {
    /// Port and address of `listener`.
    listener: Placed<(u16, Option<String>)>,
    protocol: Placed<ListenerProtocol>,
    max_connections: Placed<Option<u64>>,
    max_qos: Placed<u8>,
    max_topic_alias: Placed<u16>,
    allow_anonymous: Placed<bool>,
    password_file: Placed<String>,
    acl_file: Placed<String>,
    allow_zero_length_clientid: Placed<bool>,
    auto_id_prefix: Placed<String>,
}

/// An import under way: files are read one after the other, as `include_dir` names them.
#[derive(Clone, Debug)]
pub struct MosquittoImport {
    broker: BrokerConfig,
    /// The broker's own (with the default listener), then one for each `listener`.
    sections: Vec<Section>,
    port: Placed<u16>,
    bind_address: Placed<String>,
    per_listener: bool,
    in_bridge: bool,
    /// Which setting stood where, for each section that it counts for.
    seen: BTreeMap<(usize, Setting), Place>,
    security_seen: bool,
    include_dirs: Vec<(String, Place)>,
    mistakes: Vec<Diagnostic>,
    notes: Vec<Diagnostic>,
}

impl Default for MosquittoImport {
    fn default() -> Self {
        Self::new()
    }
}

impl MosquittoImport {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            broker: BrokerConfig { sys_interval: Some(SYS_INTERVAL_DEFAULT), ..Profile::Mosquitto.config() },
            sections: vec![Section::default()],
            port: None,
            bind_address: None,
            per_listener: false,
            in_bridge: false,
            seen: BTreeMap::new(),
            security_seen: false,
            include_dirs: Vec::new(),
            mistakes: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Reads one file. Those after the first are what `include_dir` asked for.
    pub fn read(&mut self, file: &str, text: &str) {
        if text.len() > MAX_BYTES {
            let place = Place { file: file.to_owned(), line: 1, column: 1 };
            self.mistake(place, key::SIM_FILE_TOO_LARGE.with("limit", MAX_BYTES / 1_024), None);
            return;
        }
        for (index, raw) in text.lines().enumerate() {
            // Only a `#` in the first column starts a comment.
            if raw.starts_with('#') || raw.trim().is_empty() {
                continue;
            }
            let line = Line::new(file, index.saturating_add(1), raw);
            self.read_line(&line);
        }
    }

    /// The directories of `include_dir` that were not taken yet, in order. The caller reads each of their `.conf` files in alphabetical order; a directory
    /// that is never taken becomes a mistake.
    pub fn take_include_dirs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.include_dirs).into_iter().map(|(directory, _)| directory).collect()
    }

    fn read_line(&mut self, line: &Line<'_>) {
        if line.name().starts_with('#') {
            self.mistake(line.name_place(), key::CONF_COMMENT_COLUMN.message(), None);
            return;
        }
        let Some(fate) = keys::fate(line.name()) else {
            let suggestion = nearest(line.name(), keys::KEYS.iter().map(|(name, _)| *name));
            self.mistake(line.name_place(), key::CONF_UNKNOWN_KEY.with("key", line.shown_name()), suggestion);
            return;
        };
        match fate {
            Fate::Used(setting) => self.read_setting(line, setting),
            Fate::WithoutEffect(why) => {
                self.note(line.name_place(), key::CONF_NO_EFFECT.with("key", line.name()).with("why", why.message()));
            }
            Fate::Unsupported(why) => {
                let message = key::CONF_UNSUPPORTED.with("key", line.shown_name()).with("why", why.message());
                self.mistake(line.name_place(), message, None);
            }
            Fate::Bridge => {
                self.in_bridge |= line.name() == "connection";
                if self.in_bridge {
                    let why = key::CONF_WHY_BRIDGE.message();
                    self.note(line.name_place(), key::CONF_NO_EFFECT.with("key", line.name()).with("why", why));
                } else {
                    self.mistake(line.name_place(), key::CONF_OUTSIDE_BRIDGE.with("key", line.name()), None);
                }
            }
        }
    }

    /// The section that a setting counts for.
    fn section_of(&self, setting: Setting) -> usize {
        if setting.of_listener(self.per_listener) { self.sections.len().saturating_sub(1) } else { 0 }
    }

    fn is_first(&mut self, line: &Line<'_>, setting: Setting) -> bool {
        if setting.repeats() {
            return true;
        }
        let section = self.section_of(setting);
        if let Some(earlier) = self.seen.get(&(section, setting)) {
            let message = key::CONF_DUPLICATE.with("key", line.name()).with("line", earlier.line).with("file", earlier.file.as_str());
            self.mistake(line.name_place(), message, None);
            return false;
        }
        self.seen.insert((section, setting), line.name_place());
        true
    }

    fn read_setting(&mut self, line: &Line<'_>, setting: Setting) {
        if !self.is_first(line, setting) {
            return;
        }
        match self.take(line, setting) {
            Ok(()) => {}
            Err(message) => self.mistake(line.value_place(), message, None),
        }
        self.security_seen |= setting.is_security();
    }

    fn take(&mut self, line: &Line<'_>, setting: Setting) -> Result<(), Message> {
        let at = line.value_place();
        let section = self.section_of(setting);
        match setting {
            Setting::Listener => return self.open_listener(line),
            Setting::Port => {
                self.port = Some((line.port()?, at.clone()));
                self.note(line.name_place(), key::CONF_DEPRECATED.with("key", line.name()).with("instead", "listener"));
            }
            Setting::BindAddress => {
                self.bind_address = Some((line.text()?.to_owned(), at));
                self.note(line.name_place(), key::CONF_DEPRECATED.with("key", line.name()).with("instead", "listener"));
            }
            Setting::PerListenerSettings => {
                if self.security_seen {
                    return Err(key::CONF_PER_LISTENER_LATE.message());
                }
                self.per_listener = line.boolean()?;
            }
            Setting::IncludeDir => self.include_dirs.push((line.text()?.to_owned(), at)),
            Setting::Protocol
            | Setting::MaxConnections
            | Setting::MaxQos
            | Setting::MaxTopicAlias
            | Setting::AllowAnonymous
            | Setting::PasswordFile
            | Setting::AclFile
            | Setting::AllowZeroLengthClientid
            | Setting::AutoIdPrefix => {
                let Some(section) = self.sections.get_mut(section) else { return Ok(()) };
                section.take(line, setting)?;
            }
            _ => return self.take_global(line, setting),
        }
        Ok(())
    }

    fn open_listener(&mut self, line: &Line<'_>) -> Result<(), Message> {
        if self.sections.len() > MAX_LISTENERS {
            return Err(key::SIM_LIST_LENGTH.with("key", "listener").with("max", MAX_LISTENERS));
        }
        let listener = line.listener();
        // The settings that follow belong to this listener, even if its own line is wrong.
        let placed = listener.as_ref().ok().map(|listener| (listener.clone(), line.name_place()));
        self.sections.push(Section { listener: placed, ..Section::default() });
        self.in_bridge = false;
        listener.map(drop)
    }

    fn take_global(&mut self, line: &Line<'_>, setting: Setting) -> Result<(), Message> {
        match setting {
            Setting::ClientidPrefixes => {
                self.broker.client_id_prefix = Some(line.text()?.to_owned());
                self.note(line.name_place(), key::CONF_DEPRECATED.with("key", line.name()).with("instead", "acl_file"));
            }
            Setting::GlobalMaxClients => self.broker.max_sessions = self.count_or_limit(line, self.broker.max_sessions, -1)?,
            Setting::GlobalMaxConnections => self.broker.max_connections = self.count_or_limit(line, self.broker.max_connections, -1)?,
            Setting::MaxInflightMessages => {
                let count = line.integer(0, 65_535)?;
                let count = if count == 0 { u16::MAX } else { u16::try_from(count).unwrap_or(u16::MAX) };
                (self.broker.max_inflight, self.broker.receive_maximum) = (count, count);
            }
            Setting::MaxKeepalive => {
                let seconds = line.integer(0, 65_535)?;
                self.broker.max_keep_alive = u16::try_from(seconds).ok().filter(|seconds| *seconds > 0);
            }
            Setting::MaxPacketSize => {
                let size = line.integer(0, 268_435_456)?;
                if size > 0 && size < 20 {
                    return Err(key::CONF_OUT_OF_RANGE
                        .with("key", line.name())
                        .with("value", size)
                        .with("min", 20)
                        .with("max", 268_435_456));
                }
                if size > 0 {
                    self.broker.maximum_packet_size = u32::try_from(size).unwrap_or(u32::MAX);
                }
            }
            Setting::MaxQueuedBytes => self.broker.max_queued_bytes = self.count_or_limit(line, self.broker.max_queued_bytes, 0)?,
            Setting::MaxQueuedMessages => {
                self.broker.max_queued_messages = self.count_or_limit(line, self.broker.max_queued_messages, 0)?
            }
            Setting::MessageSizeLimit => {
                let size = line.integer(0, 268_435_455)?;
                self.broker.max_payload = u32::try_from(size).ok().filter(|size| *size > 0);
            }
            Setting::Persistence => self.broker.persistence = line.boolean()?,
            Setting::PersistentClientExpiration => self.broker.session_expiry_max = line.expiration()?,
            Setting::QueueQos0Messages => self.broker.queue_qos_zero = line.boolean()?,
            Setting::RetainAvailable => self.broker.retain_available = line.boolean()?,
            Setting::SysInterval => {
                let seconds = line.integer(0, 65_535)?;
                self.broker.sys_interval = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
            }
            Setting::UpgradeOutgoingQos => self.broker.upgrade_outgoing_qos = line.boolean()?,
            Setting::CheckRetainSource => {
                let checked = line.boolean()?;
                if !checked {
                    let why = key::CONF_WHY_RETAIN_SOURCE.message();
                    self.note(line.name_place(), key::CONF_NO_EFFECT.with("key", line.name()).with("why", why));
                }
            }
            // The others have been taken by the caller.
            _ => {}
        }
        Ok(())
    }

    /// A count where `unlimited` means that there is none: this broker then keeps its limit, and says so.
    fn count_or_limit(&mut self, line: &Line<'_>, limit: usize, unlimited: i64) -> Result<usize, Message> {
        let count = line.integer(unlimited, i64::from(u32::MAX))?;
        if count == unlimited {
            self.note(line.value_place(), key::CONF_NO_LIMIT.with("key", line.name()).with("value", unlimited).with("limit", limit));
            return Ok(limit);
        }
        Ok(usize::try_from(count).unwrap_or(limit))
    }

    fn mistake(&mut self, place: Place, message: Message, suggestion: Option<String>) {
        if self.mistakes.len() < MAX_DIAGNOSTICS {
            self.mistakes.push(place.diagnostic(message, suggestion));
        }
    }

    fn note(&mut self, place: Place, message: Message) {
        if self.notes.len() < MAX_DIAGNOSTICS {
            self.notes.push(place.diagnostic(message, None));
        }
    }
}

impl Place {
    fn diagnostic(self, message: Message, suggestion: Option<String>) -> Diagnostic {
        let Self { file, line, column } = self;
        Diagnostic { file, line, column, message, suggestion }
    }
}
