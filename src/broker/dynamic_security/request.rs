//! Requests and responses as JSON.

use serde_json::{Map, Value, json};

use super::{DynamicSecurity, MAX_TEXT, NO_PRIORITY, Ranked, Salts};

/// A longer request is not read, a longer response not sent.
pub(super) const MAX_JSON: usize = 1024 * 1024;

/// What is answered to a request that could not be carried out, in Mosquitto's words.
pub(super) type Refused = &'static str;

/// What a command gives back.
pub(super) type Answer = Result<Option<Value>, Refused>;

pub(super) const NOT_FOUND_CLIENT: Refused = "Client not found";
pub(super) const NOT_FOUND_GROUP: Refused = "Group not found";
pub(super) const NOT_FOUND_ROLE: Refused = "Role not found";
pub(super) const BAD_USERNAME: Refused = "Invalid/missing username";
pub(super) const BAD_GROUPNAME: Refused = "Invalid/missing groupname";
pub(super) const BAD_ROLENAME: Refused = "Invalid/missing rolename";
pub(super) const INTERNAL: Refused = "Internal error";
/// Not Mosquitto's words: it has no such limit.
pub(super) const TOO_MANY: Refused = "Too many entries";

/// The members of one command.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Members<'a> {
    /// Text that has to be there.
    pub(super) fn text(self, name: &str, refused: Refused) -> Result<&'a str, Refused> {
        self.0.get(name).and_then(Value::as_str).filter(|text| text.len() <= MAX_TEXT).ok_or(refused)
    }

    /// Text that may be left out, but is nothing else.
    pub(super) fn optional_text(self, name: &str, refused: Refused) -> Result<Option<&'a str>, Refused> {
        if self.0.contains_key(name) { self.text(name, refused).map(Some) } else { Ok(None) }
    }

    /// Text, if it is text.
    pub(super) fn lenient_text(self, name: &str) -> Option<&'a str> {
        self.text(name, INTERNAL).ok()
    }

    pub(super) fn integer(self, name: &str, default: i64) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or(default)
    }

    pub(super) fn boolean(self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(super) fn array(self, name: &str) -> Option<&'a Vec<Value>> {
        self.0.get(name).and_then(Value::as_array)
    }

    /// The objects of an array, whatever else is in it.
    pub(super) fn objects(self, name: &str) -> impl Iterator<Item = Members<'a>> {
        self.array(name).into_iter().flatten().filter_map(|value| value.as_object().map(Members))
    }

    /// Names with priorities, or why they cannot be read. Absent, they are none.
    pub(super) fn ranked(self, list: &str, name: &'static str, wrong: Refused) -> Result<Option<Ranked>, Refused> {
        let Some(value) = self.0.get(list) else { return Ok(None) };
        let mut ranked = Ranked::default();
        for entry in value.as_array().ok_or(wrong)? {
            let entry = Members(entry.as_object().ok_or(wrong)?);
            ranked.insert(entry.text(name, wrong)?, entry.integer("priority", NO_PRIORITY));
        }
        Ok(Some(ranked))
    }
}

/// Text names under which clients, groups and roles can be described.
pub(super) fn texts(members: Members<'_>) -> Result<(Option<String>, Option<String>), Refused> {
    let name = members.optional_text("textname", "Invalid/missing textname")?;
    let description = members.optional_text("textdescription", "Invalid/missing textdescription")?;
    Ok((name.map(str::to_owned), description.map(str::to_owned)))
}

/// An object under construction, whose members may be left out.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    Value::Object(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// Names with their priorities, where they have one.
pub(super) fn ranked(list: &Ranked, name: &'static str) -> Value {
    let entry = |(text, priority): &(String, i64)| {
        object([(name, Some(json!(text))), ("priority", (*priority != NO_PRIORITY).then(|| json!(priority)))])
    };
    Value::Array(list.0.iter().map(entry).collect())
}

/// Part of a list, as `count` and `offset` ask for it; in full if `verbose`.
pub(super) fn page<'a, T: 'a>(
    members: Members<'_>,
    plural: &str,
    entries: impl ExactSizeIterator<Item = (&'a String, T)>,
    in_full: impl Fn(&str, T) -> Value,
) -> Answer {
    let verbose = members.boolean("verbose").unwrap_or(false);
    let (count, offset) = (members.integer("count", -1), members.integer("offset", 0));
    let total = entries.len();
    let from = usize::try_from(offset).unwrap_or_default();
    let most = if count > 0 { usize::try_from(count).unwrap_or(usize::MAX) } else { usize::MAX };
    let shown = entries.skip(from).take(most).map(|(name, entry)| if verbose { in_full(name, entry) } else { json!(name) });
    Ok(Some(json!({ "totalCount": total, plural: shown.collect::<Vec<_>>() })))
}

impl DynamicSecurity {
    /// Carries out all commands of a request, and gives the response. `salts` gives one for each password.
    pub(super) fn handle_request(&mut self, request: &[u8], salts: Salts<'_>) -> Value {
        let refused = |error: Refused| json!({ "responses": [{ "command": "Unknown command", "error": error }] });
        let Ok(request) = serde_json::from_slice::<Value>(request) else { return refused("Payload not valid JSON") };
        let Some(commands) = request.get("commands").and_then(Value::as_array) else { return refused("Invalid/missing commands") };
        let responses: Vec<Value> = commands.iter().map(|command| self.handle_command(command, salts)).collect();
        json!({ "responses": responses })
    }

    fn handle_command(&mut self, command: &Value, salts: Salts<'_>) -> Value {
        let unknown = |error: Refused| json!({ "command": "Unknown command", "error": error });
        let Some(members) = command.as_object().map(Members) else { return unknown("Command not an object") };
        let Some(name) = members.lenient_text("command") else { return unknown("Missing command") };
        let correlation = members.optional_text("correlationData", "Invalid correlationData data type.");
        let answer = correlation.and_then(|_| self.carry_out(name, members, salts));
        let (data, error) = match answer {
            Ok(data) => (data, None),
            Err(error) => (None, Some(json!(error))),
        };
        let correlation = correlation.ok().flatten().map(|data| json!(data));
        object([("command", Some(json!(name))), ("data", data), ("error", error), ("correlationData", correlation)])
    }

    fn carry_out(&mut self, command: &str, members: Members<'_>, salts: Salts<'_>) -> Answer {
        match command {
            "createClient" => self.create_client(members, salts),
            "deleteClient" => self.delete_client(members),
            "enableClient" => self.set_disabled(members, false),
            "disableClient" => self.set_disabled(members, true),
            "getClient" => self.client_data(members),
            "listClients" => page(members, "clients", self.clients.iter(), |name, client| client.to_json(name)),
            "modifyClient" => self.modify_client(members, salts),
            "setClientId" => self.set_client_id(members),
            "setClientPassword" => self.set_client_password(members, salts),
            "addClientRole" => self.add_client_role(members),
            "removeClientRole" => self.remove_client_role(members),
            "createGroup" => self.create_group(members),
            "deleteGroup" => self.delete_group(members),
            "getGroup" => self.group_data(members),
            "listGroups" => page(members, "groups", self.groups.iter(), |name, group| self.group_to_json(name, group)),
            "modifyGroup" => self.modify_group(members),
            "addGroupClient" => self.add_group_client(members),
            "removeGroupClient" => self.remove_group_client(members),
            "addGroupRole" => self.add_group_role(members),
            "removeGroupRole" => self.remove_group_role(members),
            "setAnonymousGroup" => self.set_anonymous_group(members),
            "getAnonymousGroup" => Ok(Some(json!({ "group": { "groupname": self.anonymous_group.as_deref().unwrap_or_default() } }))),
            "createRole" => self.create_role(members),
            "deleteRole" => self.delete_role(members),
            "getRole" => self.role_data(members),
            "listRoles" => page(members, "roles", self.roles.iter(), |name, role| role.to_json(name)),
            "modifyRole" => self.modify_role(members),
            "addRoleACL" => self.add_role_acl(members),
            "removeRoleACL" => self.remove_role_acl(members),
            "setDefaultACLAccess" => self.set_defaults(members),
            "getDefaultACLAccess" => Ok(Some(self.defaults_data())),
            _ => Err("Unknown command"),
        }
    }
}
