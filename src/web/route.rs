//! Which page the address asks for. Everything is in the query string, so that the site works in any folder of any host.

use web_sys::{Url, UrlSearchParams};

use crate::text::Language;

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// The list of lessons.
    #[default]
    List,
    /// The lesson with this slug.
    Lesson(String),
    /// A connection to a real broker.
    Live,
    /// What the specifications demand, and what shows that it holds here.
    Conformance,
}

/// The address, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// What is shown.
    pub(crate) place: Place,
    /// Whether the page sits in an iframe of a course.
    pub(crate) embed: bool,
    /// The language that the address asks for.
    pub(crate) language: Option<Language>,
}

impl Route {
    /// The route of the current address.
    pub(crate) fn current() -> Self {
        let search = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
        UrlSearchParams::new_with_str(&search).map_or_else(|_| Self::default(), |query| Self::from_query(&query))
    }

    fn from_query(query: &UrlSearchParams) -> Self {
        let is_on = |name: &str| query.get(name).is_some_and(|value| value == "1");
        let place = match query.get("lesson").filter(|slug| !slug.is_empty()) {
            Some(slug) => Place::Lesson(slug),
            None if is_on("conformance") => Place::Conformance,
            None if is_on("live") && !is_on("embed") => Place::Live,
            None => Place::List,
        };
        Self { place, embed: is_on("embed"), language: query.get("lang").as_deref().and_then(Language::from_tag) }
    }

    /// The address of another place, keeping what belongs to the frame around it.
    pub(crate) fn href(&self, place: &Place) -> String {
        let Ok(query) = UrlSearchParams::new() else { return String::from("?") };
        if self.embed {
            query.set("embed", "1");
        }
        match place {
            Place::List => {}
            Place::Lesson(slug) => query.set("lesson", slug),
            Place::Live => query.set("live", "1"),
            Place::Conformance => query.set("conformance", "1"),
        }
        if let Some(language) = self.language {
            query.set("lang", language.tag());
        }
        let query: String = query.to_string().into();
        format!("?{query}")
    }

    /// Puts another place into the address bar, with a way back.
    pub(crate) fn push(&self, place: &Place) {
        let href = self.href(place);
        let Some(window) = web_sys::window() else { return };
        let Ok(history) = window.history() else { return };
        // A relative address works from any folder. In a sandboxed frame the address may be fixed; the page changes all the same.
        let absolute = window.location().href().ok().and_then(|base| Url::new_with_base(&href, &base).ok()).map(|url| url.href());
        let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", absolute.as_deref());
    }
}
