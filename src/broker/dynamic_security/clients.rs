//! Commands about clients.

use serde_json::{Value, json};

use super::request::{
    Answer, BAD_ROLENAME, BAD_USERNAME, Members, NOT_FOUND_CLIENT, NOT_FOUND_GROUP, NOT_FOUND_ROLE, Refused, TOO_MANY, object, ranked,
    texts,
};
use super::{Client, DynamicSecurity, MAX_CLIENTS, NO_PRIORITY, Ranked, Salts};
use crate::broker::access::PasswordHash;

/// What `mosquitto_passwd` and Mosquitto's plugin use.
const ITERATIONS: u32 = 101;
const BAD_ROLES: Refused = "'roles' not an array or missing/invalid rolename";

impl DynamicSecurity {
    fn client_mut(&mut self, members: Members<'_>) -> Result<&mut Client, Refused> {
        let name = members.text("username", BAD_USERNAME)?;
        self.clients.get_mut(name).ok_or(NOT_FOUND_CLIENT)
    }

    /// The roles of a list, all of which have to exist.
    pub(super) fn existing_roles(&self, members: Members<'_>, wrong: Refused) -> Result<Option<Ranked>, Refused> {
        let roles = members.ranked("roles", "rolename", wrong)?;
        match &roles {
            Some(list) if list.names().any(|name| !self.roles.contains_key(name)) => Err(NOT_FOUND_ROLE),
            _ => Ok(roles),
        }
    }

    pub(super) fn create_client(&mut self, members: Members<'_>, salts: Salts<'_>) -> Answer {
        let name = members.text("username", BAD_USERNAME)?;
        if self.clients.contains_key(name) {
            return Err("Client already exists");
        }
        let password = members.optional_text("password", "Invalid/missing password")?;
        let client_id = members.optional_text("clientid", "Invalid/missing client id")?;
        let (text_name, text_description) = texts(members)?;
        let roles = self.existing_roles(members, BAD_ROLES)?.unwrap_or_default();
        let groups = members.ranked("groups", "groupname", NOT_FOUND_GROUP)?.unwrap_or_default();
        if groups.names().any(|name| !self.groups.contains_key(name)) {
            return Err(NOT_FOUND_GROUP);
        }
        if self.clients.len() >= MAX_CLIENTS {
            return Err(TOO_MANY);
        }
        let client = Client {
            password: password.filter(|password| !password.is_empty()).map(|password| hash(password, salts)),
            client_id: client_id.map(str::to_owned),
            text_name,
            text_description,
            disabled: false,
            roles,
            groups,
        };
        self.clients.insert(name.to_owned(), client);
        Ok(None)
    }

    pub(super) fn delete_client(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("username", BAD_USERNAME)?;
        self.clients.remove(name).map(|_| None).ok_or(NOT_FOUND_CLIENT)
    }

    pub(super) fn set_disabled(&mut self, members: Members<'_>, disabled: bool) -> Answer {
        self.client_mut(members)?.disabled = disabled;
        Ok(None)
    }

    pub(super) fn client_data(&self, members: Members<'_>) -> Answer {
        let name = members.text("username", BAD_USERNAME)?;
        let client = self.clients.get(name).ok_or(NOT_FOUND_CLIENT)?;
        Ok(Some(json!({ "client": client.to_json(name) })))
    }

    pub(super) fn modify_client(&mut self, members: Members<'_>, salts: Salts<'_>) -> Answer {
        let name = members.text("username", BAD_USERNAME)?;
        if !self.clients.contains_key(name) {
            return Err(NOT_FOUND_CLIENT);
        }
        let roles = self.existing_roles(members, BAD_ROLES)?;
        // Groups that do not exist are left out, as in Mosquitto.
        let groups = members.ranked("groups", "groupname", "Invalid/missing groupname")?.map(|mut groups| {
            groups.0.retain(|(name, _)| self.groups.contains_key(name));
            groups
        });
        let client = self.client_mut(members)?;
        if let Some(client_id) = members.lenient_text("clientid") {
            client.client_id = Some(client_id.to_owned()).filter(|client_id| !client_id.is_empty());
        }
        if let Some(password) = members.lenient_text("password").filter(|password| !password.is_empty()) {
            client.password = Some(hash(password, salts));
        }
        if let Some(text) = members.lenient_text("textname") {
            client.text_name = Some(text.to_owned());
        }
        if let Some(text) = members.lenient_text("textdescription") {
            client.text_description = Some(text.to_owned());
        }
        if let Some(roles) = roles {
            client.roles = roles;
        }
        if let Some(groups) = groups {
            client.groups = groups;
        }
        Ok(None)
    }

    pub(super) fn set_client_id(&mut self, members: Members<'_>) -> Answer {
        members.text("username", BAD_USERNAME)?;
        let client_id = members.optional_text("clientid", "Invalid/missing client ID")?;
        self.client_mut(members)?.client_id = client_id.filter(|client_id| !client_id.is_empty()).map(str::to_owned);
        Ok(None)
    }

    pub(super) fn set_client_password(&mut self, members: Members<'_>, salts: Salts<'_>) -> Answer {
        members.text("username", BAD_USERNAME)?;
        let password = members.text("password", "Invalid/missing password")?;
        if password.is_empty() {
            return Err("Empty password is not allowed");
        }
        self.client_mut(members)?.password = Some(hash(password, salts));
        Ok(None)
    }

    pub(super) fn add_client_role(&mut self, members: Members<'_>) -> Answer {
        members.text("username", BAD_USERNAME)?;
        let role = members.text("rolename", BAD_ROLENAME)?;
        let exists = self.roles.contains_key(role);
        let client = self.client_mut(members)?;
        if !exists {
            return Err(NOT_FOUND_ROLE);
        }
        // For a role that it has already Mosquitto has no better words.
        if client.roles.insert(role, members.integer("priority", NO_PRIORITY)) { Ok(None) } else { Err(super::request::INTERNAL) }
    }

    pub(super) fn remove_client_role(&mut self, members: Members<'_>) -> Answer {
        members.text("username", BAD_USERNAME)?;
        let role = members.text("rolename", BAD_ROLENAME)?;
        let exists = self.roles.contains_key(role);
        let client = self.client_mut(members)?;
        if !exists {
            return Err(NOT_FOUND_ROLE);
        }
        client.roles.remove(role);
        Ok(None)
    }
}

impl Client {
    pub(super) fn to_json(&self, name: &str) -> Value {
        object([
            ("username", Some(json!(name))),
            ("clientid", self.client_id.as_ref().map(|text| json!(text))),
            ("textname", self.text_name.as_ref().map(|text| json!(text))),
            ("textdescription", self.text_description.as_ref().map(|text| json!(text))),
            ("disabled", self.disabled.then_some(Value::Bool(true))),
            ("roles", Some(ranked(&self.roles, "rolename"))),
            ("groups", Some(ranked(&self.groups, "groupname"))),
        ])
    }
}

fn hash(password: &str, salts: Salts<'_>) -> PasswordHash {
    PasswordHash::new(password.as_bytes(), &salts(), ITERATIONS)
}
