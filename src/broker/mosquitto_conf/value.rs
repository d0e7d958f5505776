//! One line of the file: its name and its value, read as what the setting wants.

use super::keys::Setting;
use super::{ListenerProtocol, Place, Section};
use crate::text::{Message, key};

/// `name value…`, as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'i> {
    file: &'i str,
    number: usize,
    raw: &'i str,
    name: &'i str,
    value: &'i str,
}

impl<'i> Line<'i> {
    pub(super) fn new(file: &'i str, number: usize, raw: &'i str) -> Self {
        let trimmed = raw.trim();
        let (name, value) = trimmed.split_once([' ', '\t']).unwrap_or((trimmed, ""));
        Self { file, number, raw, name, value: value.trim_start() }
    }

    pub(super) const fn name(&self) -> &'i str {
        self.name
    }

    /// The name for messages: no longer than a line bears.
    pub(super) fn shown_name(&self) -> String {
        shortened(self.name)
    }

    pub(super) fn name_place(&self) -> Place {
        self.place(self.name)
    }

    pub(super) fn value_place(&self) -> Place {
        if self.value.is_empty() { self.name_place() } else { self.place(self.value) }
    }

    /// `part` is a piece of `raw`: what stands before it is what is left when its end and all that follows is gone.
    fn place(&self, part: &str) -> Place {
        let start = part.as_ptr().addr().saturating_sub(self.raw.as_ptr().addr());
        let column = self.raw.get(..start).map_or(0, |before| before.chars().count()).saturating_add(1);
        Place { file: self.file.to_owned(), line: self.number, column }
    }

    /// The whole value, which must not be empty.
    pub(super) fn text(&self) -> Result<&'i str, Message> {
        if self.value.is_empty() { Err(key::CONF_MISSING_VALUE.with("key", self.name)) } else { Ok(self.value) }
    }

    pub(super) fn boolean(&self) -> Result<bool, Message> {
        match self.text()? {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            other => Err(key::CONF_BAD_BOOLEAN.with("key", self.name).with("value", shortened(other))),
        }
    }

    pub(super) fn integer(&self, min: i64, max: i64) -> Result<i64, Message> {
        let text = self.text()?;
        let Ok(value) = text.parse::<i64>() else {
            return Err(key::CONF_BAD_INTEGER.with("key", self.name).with("value", shortened(text)));
        };
        if !(min..=max).contains(&value) {
            return Err(key::CONF_OUT_OF_RANGE.with("key", self.name).with("value", value).with("min", min).with("max", max));
        }
        Ok(value)
    }

    /// A TCP port. 0 lets the system choose one.
    pub(super) fn port(&self) -> Result<u16, Message> {
        self.integer(0, 65_535).map(|port| u16::try_from(port).unwrap_or_default())
    }

    /// `port [address]`.
    pub(super) fn listener(&self) -> Result<(u16, Option<String>), Message> {
        let mut words = self.text()?.split_whitespace();
        let port = words.next().unwrap_or_default();
        let port = Self { value: port, ..*self }.port()?;
        let address = words.next();
        if address.is_some_and(|address| address.contains('/')) {
            return Err(key::CONF_UNSUPPORTED.with("key", self.name).with("why", key::CONF_WHY_UNIX.message()));
        }
        match words.next() {
            Some(extra) => Err(key::CONF_EXTRA_WORD.with("key", self.name).with("value", shortened(extra))),
            None => Ok((port, address.map(str::to_owned))),
        }
    }

    /// A number with h, d, w, m or y: seconds. A month is counted as 30 days, a year as 365.
    pub(super) fn expiration(&self) -> Result<u32, Message> {
        let text = self.text()?;
        let bad = || key::CONF_BAD_EXPIRATION.with("key", self.name).with("value", shortened(text));
        let unit = text.chars().last().ok_or_else(bad)?;
        let number = text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok()).filter(|number| *number > 0).ok_or_else(bad)?;
        let seconds: u32 = match unit {
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            'm' => 2_592_000,
            'y' => 31_536_000,
            _ => return Err(bad()),
        };
        // `u32::MAX` would be a session without an end.
        Ok(seconds.saturating_mul(number).min(u32::MAX.saturating_sub(1)))
    }
}

impl Section {
    /// Takes a setting that belongs to one listener.
    pub(super) fn take(&mut self, line: &Line<'_>, setting: Setting) -> Result<(), Message> {
        let at = line.value_place();
        match setting {
            Setting::Protocol => {
                let protocol = match line.text()? {
                    "mqtt" => ListenerProtocol::Mqtt,
                    "websockets" => ListenerProtocol::Websockets,
                    other => return Err(key::CONF_BAD_PROTOCOL.with("value", shortened(other))),
                };
                self.protocol = Some((protocol, at));
            }
            Setting::MaxConnections => {
                let count = line.integer(-1, i64::from(u32::MAX))?;
                self.max_connections = Some((u64::try_from(count).ok(), at));
            }
            Setting::MaxQos => self.max_qos = Some((u8::try_from(line.integer(0, 2)?).unwrap_or(2), at)),
            Setting::MaxTopicAlias => {
                self.max_topic_alias = Some((u16::try_from(line.integer(0, 65_535)?).unwrap_or_default(), at));
            }
            Setting::AllowAnonymous => self.allow_anonymous = Some((line.boolean()?, at)),
            Setting::PasswordFile => self.password_file = Some((line.text()?.to_owned(), at)),
            Setting::AclFile => self.acl_file = Some((line.text()?.to_owned(), at)),
            Setting::AllowZeroLengthClientid => self.allow_zero_length_clientid = Some((line.boolean()?, at)),
            Setting::AutoIdPrefix => self.auto_id_prefix = Some((line.text()?.to_owned(), at)),
            // The others belong to the broker.
            _ => {}
        }
        Ok(())
    }
}

/// At most 40 characters of a text, for messages.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
