//! The file that outlives the broker: Mosquitto's `dynamic-security.json`.

use serde_json::{Map, Value, json};

use super::request::{INTERNAL, Members, NOT_FOUND_GROUP, Refused, object};
use super::{Client, DynamicSecurity, NO_PRIORITY, RuleKind};
use crate::broker::access::PasswordHash;
use crate::text::{Message, key};

/// What is wrong with an entry, beyond what requests are refused for.
const BAD_PASSWORD: Refused = "Invalid password, salt or iterations";
const NO_WILDCARD_SUBS: Refused = "'allowwildcardsubs' false is not supported";
const NOT_OBJECT: Refused = "Entry not an object";

impl DynamicSecurity {
    /// Everything, as Mosquitto's plugin keeps it; [`DynamicSecurity::from_file`] reads it back. The hashes of all passwords are in it.
    #[must_use]
    pub fn to_file(&self) -> String {
        let clients: Vec<Value> = self.clients.iter().map(|(name, client)| client.to_file(name)).collect();
        let groups: Vec<Value> = self
            .groups
            .iter()
            .map(|(name, group)| {
                let mut entry = self.group_to_json(name, group);
                if let Some(members) = entry.get_mut("clients") {
                    *members = Value::Array(self.members_of(name));
                }
                entry
            })
            .collect();
        let roles: Vec<Value> = self.roles.iter().map(|(name, role)| role.to_json(name)).collect();
        let file = object([
            ("defaultACLAccess", Some(self.defaults_to_file())),
            ("clients", Some(Value::Array(clients))),
            ("groups", Some(Value::Array(groups))),
            ("roles", Some(Value::Array(roles))),
            ("anonymousGroup", self.anonymous_group.as_ref().map(|name| json!(name))),
        ]);
        format!("{file:#}\n")
    }

    /// Reads what [`DynamicSecurity::to_file`] or Mosquitto's plugin wrote.
    ///
    /// # Errors
    /// The text is no JSON, or an entry cannot be followed. Mosquitto passes over such entries; here nobody is kept out, or let in, unnoticed.
    pub fn from_file(text: &str) -> Result<Self, Message> {
        let file: Map<String, Value> = serde_json::from_str(text).map_err(|error| key::CONF_DYNAMIC_JSON.with("why", error.to_string()))?;
        let file = Members(&file);
        let mut read = Self::default();
        if let Some(defaults) = file.0.get("defaultACLAccess").and_then(Value::as_object) {
            read.defaults_from_file(Members(defaults));
        }
        // What is named by others comes first.
        each(file, "roles", "rolename", |role| match role.boolean("allowwildcardsubs") {
            Some(false) => Err(NO_WILDCARD_SUBS),
            _ => read.create_role(role).map(drop),
        })?;
        each(file, "groups", "groupname", |group| read.create_group(group).map(drop))?;
        each(file, "clients", "username", |client| read.client_from_file(client))?;
        each(file, "groups", "groupname", |group| read.members_from_file(group))?;
        if let Some(name) = file.lenient_text("anonymousGroup") {
            if !read.groups.contains_key(name) {
                return Err(mistake("anonymousGroup", name, NOT_FOUND_GROUP));
            }
            read.anonymous_group = Some(name.to_owned());
        }
        Ok(read)
    }

    /// Who is in a group, with what it counts for each of them.
    fn members_of(&self, group: &str) -> Vec<Value> {
        let priority = |client: &Client| client.groups.0.iter().find(|(name, _)| name == group).map(|(_, priority)| *priority);
        let members = self.clients.iter().filter_map(|(name, client)| Some((name, priority(client)?)));
        let entry = |(name, priority): (&String, i64)| {
            object([("username", Some(json!(name))), ("priority", (priority != NO_PRIORITY).then(|| json!(priority)))])
        };
        members.map(entry).collect()
    }

    /// Who is in the group and does not say so itself: Mosquitto has that here alone.
    fn members_from_file(&mut self, group: Members<'_>) -> Result<(), Refused> {
        let name = group.text("groupname", INTERNAL)?;
        for entry in group.objects("clients") {
            let user_name = entry.text("username", super::request::BAD_USERNAME)?;
            let client = self.clients.get_mut(user_name).ok_or(super::request::NOT_FOUND_CLIENT)?;
            client.groups.insert(name, entry.integer("priority", NO_PRIORITY));
        }
        Ok(())
    }

    fn client_from_file(&mut self, entry: Members<'_>) -> Result<(), Refused> {
        let name = entry.text("username", super::request::BAD_USERNAME)?;
        let password = password_from_file(entry)?;
        // In a request `password` would be the password itself.
        let mut without = entry.0.clone();
        without.remove("password");
        self.create_client(Members(&without), &mut || [0; 12])?;
        if let Some(client) = self.clients.get_mut(name) {
            client.password = password;
            client.disabled = entry.boolean("disabled").unwrap_or(false);
        }
        Ok(())
    }

    fn defaults_to_file(&self) -> Value {
        let defaults = self.defaults;
        json!({
            RuleKind::PublishClientSend.name(): defaults.publish_send,
            RuleKind::PublishClientReceive.name(): defaults.publish_receive,
            "subscribe": defaults.subscribe,
            "unsubscribe": defaults.unsubscribe,
        })
    }

    /// What is not said is not allowed, as in Mosquitto.
    fn defaults_from_file(&mut self, entry: Members<'_>) {
        self.defaults.publish_send = entry.boolean(RuleKind::PublishClientSend.name()).unwrap_or(false);
        self.defaults.publish_receive = entry.boolean(RuleKind::PublishClientReceive.name()).unwrap_or(false);
        self.defaults.subscribe = entry.boolean("subscribe").unwrap_or(false);
        self.defaults.unsubscribe = entry.boolean("unsubscribe").unwrap_or(false);
    }
}

impl Client {
    fn to_file(&self, name: &str) -> Value {
        let mut entry = self.to_json(name);
        let (Some(hash), Value::Object(members)) = (&self.password, &mut entry) else { return entry };
        let text = hash.to_text();
        match text.split('$').collect::<Vec<_>>().as_slice() {
            ["", "7", iterations, salt, hash] => {
                members.insert("password".to_owned(), json!(hash));
                members.insert("salt".to_owned(), json!(salt));
                members.insert("iterations".to_owned(), json!(iterations.parse::<u32>().unwrap_or_default()));
            }
            // Mosquitto's plugin has no other kind, and would let nobody in with it.
            _ => drop(members.insert("password".to_owned(), json!(text))),
        }
        entry
    }
}

/// Without a password nobody can log in as this client.
fn password_from_file(entry: Members<'_>) -> Result<Option<PasswordHash>, Refused> {
    let Some(hash) = entry.optional_text("password", BAD_PASSWORD)? else { return Ok(None) };
    let text = if hash.starts_with('$') {
        hash.to_owned()
    } else {
        let salt = entry.text("salt", BAD_PASSWORD)?;
        format!("$7${}${salt}${hash}", entry.integer("iterations", 0))
    };
    PasswordHash::from_text(&text).map(Some).map_err(|_| BAD_PASSWORD)
}

/// Takes each entry of a list, and says of which one it is true that it cannot be followed.
fn each(
    file: Members<'_>,
    list: &'static str,
    name: &'static str,
    mut take: impl FnMut(Members<'_>) -> Result<(), Refused>,
) -> Result<(), Message> {
    let entries = match file.0.get(list) {
        Some(entries) => entries.as_array().ok_or_else(|| mistake(list, "", NOT_OBJECT))?,
        None => return Ok(()),
    };
    for entry in entries {
        let entry = entry.as_object().ok_or_else(|| mistake(list, "", NOT_OBJECT))?;
        // Mosquitto reads names of members without regard to case, and `mosquitto_ctrl` writes `textName`.
        let entry: Map<String, Value> = entry.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        let entry = Members(&entry);
        take(entry).map_err(|why| mistake(list, entry.lenient_text(name).unwrap_or_default(), why))?;
    }
    Ok(())
}

fn mistake(list: &'static str, name: &str, why: Refused) -> Message {
    key::CONF_DYNAMIC_ENTRY.with("list", list).with("name", name.chars().take(40).collect::<String>()).with("why", why)
}
