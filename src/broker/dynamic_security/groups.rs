//! Commands about groups.

use serde_json::{Value, json};

use super::request::{
    Answer, BAD_GROUPNAME, BAD_ROLENAME, BAD_USERNAME, INTERNAL, Members, NOT_FOUND_CLIENT, NOT_FOUND_GROUP, NOT_FOUND_ROLE, Refused,
    TOO_MANY, object, ranked, texts,
};
use super::{DynamicSecurity, Group, MAX_NAMES, NO_PRIORITY};

impl DynamicSecurity {
    fn group_mut(&mut self, members: Members<'_>) -> Result<&mut Group, Refused> {
        let name = members.text("groupname", BAD_GROUPNAME)?;
        self.groups.get_mut(name).ok_or(NOT_FOUND_GROUP)
    }

    pub(super) fn create_group(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("groupname", BAD_GROUPNAME)?;
        if self.groups.contains_key(name) {
            return Err("Group already exists");
        }
        let (text_name, text_description) = texts(members)?;
        let roles = self.existing_roles(members, INTERNAL)?.unwrap_or_default();
        if self.groups.len() >= MAX_NAMES {
            return Err(TOO_MANY);
        }
        self.groups.insert(name.to_owned(), Group { text_name, text_description, roles });
        Ok(None)
    }

    pub(super) fn delete_group(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("groupname", BAD_GROUPNAME)?;
        if !self.groups.contains_key(name) {
            return Err(NOT_FOUND_GROUP);
        }
        if self.anonymous_group.as_deref() == Some(name) {
            // Mosquitto 2.0.11 dies of it; later versions say this.
            return Err("Deleting the anonymous group is forbidden");
        }
        self.groups.remove(name);
        for client in self.clients.values_mut() {
            client.groups.remove(name);
        }
        Ok(None)
    }

    pub(super) fn group_data(&self, members: Members<'_>) -> Answer {
        let name = members.text("groupname", BAD_GROUPNAME)?;
        let group = self.groups.get(name).ok_or(NOT_FOUND_GROUP)?;
        Ok(Some(json!({ "group": self.group_to_json(name, group) })))
    }

    pub(super) fn group_to_json(&self, name: &str, group: &Group) -> Value {
        let members = self.clients.iter().filter(|(_, client)| client.groups.contains(name));
        let clients: Vec<Value> = members.map(|(user_name, _)| json!({ "username": user_name })).collect();
        object([
            ("groupname", Some(json!(name))),
            ("textname", group.text_name.as_ref().map(|text| json!(text))),
            ("textdescription", group.text_description.as_ref().map(|text| json!(text))),
            ("clients", Some(json!(clients))),
            ("roles", Some(ranked(&group.roles, "rolename"))),
        ])
    }

    pub(super) fn modify_group(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("groupname", BAD_GROUPNAME)?;
        if !self.groups.contains_key(name) {
            return Err(NOT_FOUND_GROUP);
        }
        let roles = self.existing_roles(members, INTERNAL)?;
        let group = self.group_mut(members)?;
        if let Some(text) = members.lenient_text("textname") {
            group.text_name = Some(text.to_owned());
        }
        if let Some(text) = members.lenient_text("textdescription") {
            group.text_description = Some(text.to_owned());
        }
        if let Some(roles) = roles {
            group.roles = roles;
        }
        // Clients that do not exist are left out, as in Mosquitto.
        if members.array("clients").is_some() {
            for client in self.clients.values_mut() {
                client.groups.remove(name);
            }
            for entry in members.objects("clients") {
                if let Some(client) = entry.lenient_text("username").and_then(|user_name| self.clients.get_mut(user_name)) {
                    client.groups.insert(name, entry.integer("priority", NO_PRIORITY));
                }
            }
        }
        Ok(None)
    }

    pub(super) fn add_group_client(&mut self, members: Members<'_>) -> Answer {
        let group = members.text("groupname", BAD_GROUPNAME)?;
        let user_name = members.text("username", BAD_USERNAME)?;
        let exists = self.groups.contains_key(group);
        let client = self.clients.get_mut(user_name).ok_or(NOT_FOUND_CLIENT)?;
        if !exists {
            return Err(NOT_FOUND_GROUP);
        }
        let added = client.groups.insert(group, members.integer("priority", NO_PRIORITY));
        if added { Ok(None) } else { Err("Client is already in this group") }
    }

    pub(super) fn remove_group_client(&mut self, members: Members<'_>) -> Answer {
        let group = members.text("groupname", BAD_GROUPNAME)?;
        let user_name = members.text("username", BAD_USERNAME)?;
        let exists = self.groups.contains_key(group);
        let client = self.clients.get_mut(user_name).ok_or(NOT_FOUND_CLIENT)?;
        if !exists {
            return Err(NOT_FOUND_GROUP);
        }
        client.groups.remove(group);
        Ok(None)
    }

    pub(super) fn add_group_role(&mut self, members: Members<'_>) -> Answer {
        members.text("groupname", BAD_GROUPNAME)?;
        let role = members.text("rolename", BAD_ROLENAME)?;
        let exists = self.roles.contains_key(role);
        let group = self.group_mut(members)?;
        if !exists {
            return Err(NOT_FOUND_ROLE);
        }
        let added = group.roles.insert(role, members.integer("priority", NO_PRIORITY));
        if added { Ok(None) } else { Err("Group is already in this role") }
    }

    pub(super) fn remove_group_role(&mut self, members: Members<'_>) -> Answer {
        members.text("groupname", BAD_GROUPNAME)?;
        let role = members.text("rolename", BAD_ROLENAME)?;
        let exists = self.roles.contains_key(role);
        let group = self.group_mut(members)?;
        if !exists {
            return Err(NOT_FOUND_ROLE);
        }
        group.roles.remove(role);
        Ok(None)
    }

    pub(super) fn set_anonymous_group(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("groupname", BAD_GROUPNAME)?;
        if !self.groups.contains_key(name) {
            return Err(NOT_FOUND_GROUP);
        }
        self.anonymous_group = Some(name.to_owned());
        Ok(None)
    }
}
