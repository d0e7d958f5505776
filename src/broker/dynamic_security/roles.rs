//! Commands about roles, their rules, and what is allowed by default.

use serde_json::{Value, json};

use super::request::{Answer, BAD_ROLENAME, Members, NOT_FOUND_ROLE, Refused, TOO_MANY, object, texts};
use super::{DynamicSecurity, MAX_ENTRIES, MAX_NAMES, Role, Rule, RuleKind};
use crate::packet::TopicFilter;

impl DynamicSecurity {
    fn role_mut(&mut self, members: Members<'_>) -> Result<&mut Role, Refused> {
        let name = members.text("rolename", BAD_ROLENAME)?;
        self.roles.get_mut(name).ok_or(NOT_FOUND_ROLE)
    }

    pub(super) fn create_role(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("rolename", BAD_ROLENAME)?;
        if self.roles.contains_key(name) {
            return Err("Role already exists");
        }
        let (text_name, text_description) = texts(members)?;
        if self.roles.len() >= MAX_NAMES {
            return Err(TOO_MANY);
        }
        let mut role = Role { text_name, text_description, rules: Vec::new() };
        role.take_rules(members);
        self.roles.insert(name.to_owned(), role);
        Ok(None)
    }

    pub(super) fn delete_role(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("rolename", BAD_ROLENAME)?;
        self.roles.remove(name).ok_or(NOT_FOUND_ROLE)?;
        let of_clients = self.clients.values_mut().map(|client| &mut client.roles);
        for roles in of_clients.chain(self.groups.values_mut().map(|group| &mut group.roles)) {
            roles.remove(name);
        }
        Ok(None)
    }

    pub(super) fn role_data(&self, members: Members<'_>) -> Answer {
        let name = members.text("rolename", BAD_ROLENAME)?;
        let role = self.roles.get(name).ok_or(NOT_FOUND_ROLE)?;
        Ok(Some(json!({ "role": role.to_json(name) })))
    }

    pub(super) fn modify_role(&mut self, members: Members<'_>) -> Answer {
        let name = members.text("rolename", BAD_ROLENAME)?;
        let role = self.roles.get_mut(name).ok_or("Role does not exist")?;
        if let Some(text) = members.lenient_text("textname") {
            role.text_name = Some(text.to_owned());
        }
        if let Some(text) = members.lenient_text("textdescription") {
            role.text_description = Some(text.to_owned());
        }
        if members.array("acls").is_some() {
            role.rules.clear();
            role.take_rules(members);
        }
        Ok(None)
    }

    pub(super) fn add_role_acl(&mut self, members: Members<'_>) -> Answer {
        let role = self.role_mut(members)?;
        let kind = rule_kind(members)?;
        let topic = members.text("topic", "Invalid/missing topic")?;
        if TopicFilter::new(topic.to_owned()).is_err() {
            return Err("Invalid ACL topic");
        }
        if role.rules.len() >= MAX_ENTRIES {
            return Err(TOO_MANY);
        }
        let allow = members.boolean("allow").unwrap_or(false);
        let rule = Rule { kind, topic: topic.to_owned(), priority: members.integer("priority", 0), allow };
        if role.insert(rule) { Ok(None) } else { Err("ACL with this topic already exists") }
    }

    pub(super) fn remove_role_acl(&mut self, members: Members<'_>) -> Answer {
        let role = self.role_mut(members)?;
        let kind = rule_kind(members)?;
        let topic = members.text("topic", "Invalid/missing topic")?;
        let before = role.rules.len();
        role.rules.retain(|rule| rule.kind != kind || rule.topic != topic);
        if role.rules.len() < before { Ok(None) } else { Err("ACL not found") }
    }

    pub(super) fn set_defaults(&mut self, members: Members<'_>) -> Answer {
        if members.array("acls").is_none() {
            return Err("Missing/invalid actions array");
        }
        for entry in members.objects("acls") {
            let (Some(name), Some(allow)) = (entry.lenient_text("acltype"), entry.boolean("allow")) else { continue };
            match name {
                "publishClientSend" => self.defaults.publish_send = allow,
                "publishClientReceive" => self.defaults.publish_receive = allow,
                "subscribe" => self.defaults.subscribe = allow,
                "unsubscribe" => self.defaults.unsubscribe = allow,
                _ => {}
            }
        }
        Ok(None)
    }

    pub(super) fn defaults_data(&self) -> Value {
        let entry = |name: &str, allow: bool| json!({ "acltype": name, "allow": allow });
        json!({ "acls": [
            entry("publishClientSend", self.defaults.publish_send),
            entry("publishClientReceive", self.defaults.publish_receive),
            entry("subscribe", self.defaults.subscribe),
            entry("unsubscribe", self.defaults.unsubscribe),
        ] })
    }
}

fn rule_kind(members: Members<'_>) -> Result<RuleKind, Refused> {
    RuleKind::from_name(members.text("acltype", "Invalid/missing acltype")?).ok_or("Unknown acltype")
}

impl Role {
    /// The rules of `acls`; those that are none are left out, as in Mosquitto.
    fn take_rules(&mut self, members: Members<'_>) {
        for entry in members.objects("acls").take(MAX_ENTRIES) {
            let (Ok(kind), Some(topic)) = (rule_kind(entry), entry.lenient_text("topic")) else { continue };
            let allow = entry.boolean("allow").unwrap_or(false);
            self.insert(Rule { kind, topic: topic.to_owned(), priority: entry.integer("priority", 0), allow });
        }
    }

    /// Says whether there was none for the same topic.
    fn insert(&mut self, rule: Rule) -> bool {
        if self.rules.iter().any(|other| other.kind == rule.kind && other.topic == rule.topic) {
            return false;
        }
        let at = self.rules.partition_point(|other| other.kind < rule.kind || other.kind == rule.kind && other.priority >= rule.priority);
        self.rules.insert(at, rule);
        true
    }

    pub(super) fn to_json(&self, name: &str) -> Value {
        let rule =
            |rule: &Rule| json!({ "acltype": rule.kind.name(), "topic": rule.topic, "priority": rule.priority, "allow": rule.allow });
        object([
            ("rolename", Some(json!(name))),
            ("textname", self.text_name.as_ref().map(|text| json!(text))),
            ("textdescription", self.text_description.as_ref().map(|text| json!(text))),
            ("acls", Some(Value::Array(self.rules.iter().map(rule).collect()))),
        ])
    }
}
