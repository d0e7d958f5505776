//! From what was read to one configuration: but for their limits of connections, this broker has the same settings for all its listeners.

use super::{ListenerConf, MosquittoConf, MosquittoImport, Place, Placed, Section};
use crate::packet::QoS;
use crate::text::{Diagnostic, key};

/// The port of the default listener.
const DEFAULT_PORT: u16 = 1883;

impl MosquittoImport {
    /// What was read, as settings.
    ///
    /// # Errors
    /// All mistakes, with the notes, in the order of the files.
    pub fn finish(mut self) -> Result<MosquittoConf, Vec<Diagnostic>> {
        for (directory, place) in std::mem::take(&mut self.include_dirs) {
            self.mistake(place, key::CONF_NOT_INCLUDED.with("directory", directory), None);
        }
        let default_in_use = self.default_listener_in_use();
        let explicit = self.sections.len() > 1;
        let listeners = self.listeners(default_in_use, explicit);
        // Settings before any `listener` are those of the default listener; without it they would be of no one.
        let global = self.sections.first().cloned().unwrap_or_default();
        if !default_in_use {
            self.report_orphans(&global);
        }
        let sections: Vec<Section> = self
            .sections
            .iter()
            .enumerate()
            .filter(|(index, _)| *index > 0 || default_in_use)
            .map(|(_, section)| section.clone())
            .collect();
        // Without listeners Mosquitto lets anyone in, but only from the same machine.
        let anonymous = !explicit && self.port.is_none() && self.bind_address.is_none();
        let (allow_anonymous, password_file, acl_file) = if self.per_listener {
            let allow_anonymous = self.agree("allow_anonymous", &sections, |section| &section.allow_anonymous, anonymous);
            self.take_identifiers(&sections);
            let passwords = self.agree_on_file("password_file", &sections, |section| &section.password_file);
            (allow_anonymous, passwords, self.agree_on_file("acl_file", &sections, |section| &section.acl_file))
        } else {
            let allow_anonymous = global.allow_anonymous.as_ref().map_or(anonymous, |(value, _)| *value);
            self.take_identifiers(std::slice::from_ref(&global));
            (allow_anonymous, global.password_file.map(|(path, _)| path), global.acl_file.map(|(path, _)| path))
        };
        let max_qos = self.agree("max_qos", &sections, |section| &section.max_qos, 2);
        self.broker.maximum_qos = QoS::try_from(max_qos).unwrap_or(QoS::ExactlyOnce);
        let default_alias = self.broker.topic_alias_maximum;
        self.broker.topic_alias_maximum = self.agree("max_topic_alias", &sections, |section| &section.max_topic_alias, default_alias);
        self.take_max_connections(&sections);
        if self.mistakes.is_empty() {
            self.notes.sort_by_key(|note| (note.line, note.column));
            return Ok(MosquittoConf { broker: self.broker, allow_anonymous, listeners, password_file, acl_file, notes: self.notes });
        }
        let mut found = self.mistakes;
        found.sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
        Err(found)
    }

    fn default_listener_in_use(&self) -> bool {
        self.sections.len() <= 1 || self.port.is_some() || self.bind_address.is_some()
    }

    fn listeners(&self, default_in_use: bool, explicit: bool) -> Vec<ListenerConf> {
        let default = default_in_use.then(|| {
            let protocol = self.sections.first().and_then(|section| section.protocol.as_ref()).map(|(protocol, _)| *protocol);
            let local = (!explicit && self.port.is_none() && self.bind_address.is_none()).then(|| "127.0.0.1".to_owned());
            ListenerConf {
                port: self.port.as_ref().map_or(DEFAULT_PORT, |(port, _)| *port),
                address: self.bind_address.as_ref().map(|(address, _)| address.clone()).or(local),
                protocol: protocol.unwrap_or_default(),
                max_connections: self.sections.first().and_then(Section::connections_max),
            }
        });
        let named = self.sections.iter().filter_map(|section| {
            let ((port, address), _) = section.listener.clone()?;
            let protocol = section.protocol.as_ref().map(|(protocol, _)| *protocol).unwrap_or_default();
            Some(ListenerConf { port, address, protocol, max_connections: section.connections_max() })
        });
        default.into_iter().chain(named).collect()
    }

    /// Settings of a listener that stand before the first `listener`, though there is no default listener.
    fn report_orphans(&mut self, global: &Section) {
        let mut orphans: Vec<(&'static str, Place)> = Vec::new();
        let mut add = |name: &'static str, place: Option<&Place>| orphans.extend(place.map(|place| (name, place.clone())));
        add("protocol", global.protocol.as_ref().map(|(_, place)| place));
        add("max_connections", global.max_connections.as_ref().map(|(_, place)| place));
        add("max_qos", global.max_qos.as_ref().map(|(_, place)| place));
        add("max_topic_alias", global.max_topic_alias.as_ref().map(|(_, place)| place));
        if self.per_listener {
            add("allow_anonymous", global.allow_anonymous.as_ref().map(|(_, place)| place));
            add("password_file", global.password_file.as_ref().map(|(_, place)| place));
            add("acl_file", global.acl_file.as_ref().map(|(_, place)| place));
            add("allow_zero_length_clientid", global.allow_zero_length_clientid.as_ref().map(|(_, place)| place));
            add("auto_id_prefix", global.auto_id_prefix.as_ref().map(|(_, place)| place));
        }
        for (name, place) in orphans {
            self.mistake(place, key::CONF_BEFORE_LISTENER.with("key", name), None);
        }
    }

    fn take_identifiers(&mut self, sections: &[Section]) {
        self.broker.allow_empty_client_id =
            self.agree("allow_zero_length_clientid", sections, |section| &section.allow_zero_length_clientid, true);
        let default = self.broker.assigned_prefix.clone();
        self.broker.assigned_prefix = self.agree("auto_id_prefix", sections, |section| &section.auto_id_prefix, default);
    }

    fn agree_on_file(&mut self, name: &'static str, sections: &[Section], field: impl Fn(&Section) -> &Placed<String>) -> Option<String> {
        let stated = sections.iter().filter_map(|section| field(section).as_ref()).next().map(|(path, _)| path.clone());
        let agreed = self.agree(name, sections, field, String::new());
        stated.filter(|_| !agreed.is_empty())
    }

    /// The value that all listeners have. Those that say nothing have the default.
    fn agree<T: Clone + PartialEq>(
        &mut self,
        name: &'static str,
        sections: &[Section],
        field: impl Fn(&Section) -> &Placed<T>,
        default: T,
    ) -> T {
        let value = |section: &Section| field(section).as_ref().map_or_else(|| default.clone(), |(value, _)| value.clone());
        let Some(first) = sections.first().map(&value) else { return default };
        let differs = sections.iter().any(|section| value(section) != first);
        if differs && let Some((_, place)) = sections.iter().filter_map(|section| field(section).as_ref()).next_back() {
            self.mistake(place.clone(), key::CONF_LISTENERS_DIFFER.with("key", name), None);
        }
        first
    }

    /// Each listener may have its own limit, which those who serve it keep to. Together they have no more than the sum.
    fn take_max_connections(&mut self, sections: &[Section]) {
        let stated: Vec<_> = sections.iter().filter_map(|section| section.max_connections.clone()).collect();
        let limit = self.broker.max_connections;
        for (count, place) in &stated {
            if count.is_none() {
                self.note(place.clone(), key::CONF_NO_LIMIT.with("key", "max_connections").with("value", -1).with("limit", limit));
            }
        }
        if stated.len() < sections.len() || stated.iter().any(|(count, _)| count.is_none()) {
            return;
        }
        let sum = stated.iter().filter_map(|(count, _)| *count).fold(0_u64, u64::saturating_add);
        self.broker.max_connections = usize::try_from(sum).unwrap_or(usize::MAX).min(limit);
    }
}

impl Section {
    fn connections_max(&self) -> Option<usize> {
        let (count, _) = self.max_connections.as_ref()?;
        count.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }
}
