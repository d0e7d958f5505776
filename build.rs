//! Turns `locales/*/*.ftl` into constants, one for each message: a key that is missing in a language, or used in the code but
//! defined nowhere, fails the build. Lists the built-in lessons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

const LANGUAGES: [&str; 2] = ["ko", "en"];

/// The variables that each message uses, by key.
type Messages = BTreeMap<String, BTreeSet<String>>;

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=locales");
    let mut code = String::new();
    let mut languages: Vec<Messages> = Vec::new();
    for language in LANGUAGES {
        let mut messages = Messages::new();
        let _ = writeln!(code, "pub(super) const {}: &[&str] = &[", language.to_uppercase());
        for file in ftl_files(&root.join("locales").join(language)) {
            read(&file, &mut messages);
            let _ = writeln!(code, "    include_str!({:?}),", file.display().to_string());
        }
        code.push_str("];\n");
        languages.push(messages);
    }
    let [ko, en] = languages.as_slice() else { unreachable!("two languages") };
    compare(ko, "ko", en, "en");
    compare(en, "en", ko, "ko");
    code.push_str("/// One constant for each message in `locales/`.\npub mod key {\n    use super::Key;\n");
    for (key, variables) in en {
        let constant = key.to_uppercase().replace('-', "_");
        let list = variables.iter().cloned().collect::<Vec<_>>().join(", ");
        let _ = writeln!(code, "    /// `{key}`; variables: {}.", if list.is_empty() { "none" } else { &list });
        let _ = writeln!(code, "    pub const {constant}: Key = Key({key:?});");
    }
    code.push_str("}\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("keys.rs"), code).expect("OUT_DIR can be written");
    fs::write(out.join("lessons.rs"), lessons(&root.join("lessons"))).expect("OUT_DIR can be written");
}

/// The list of lesson folders (`NN-slug`) with the text files in each.
fn lessons(folder: &Path) -> String {
    println!("cargo:rerun-if-changed=lessons");
    let mut code = String::from("pub(super) const LESSONS: &[(&str, &[(&str, &str)])] = &[\n");
    for lesson in entries(folder).into_iter().filter(|path| path.is_dir()) {
        let _ = writeln!(code, "    ({:?}, &[", name(&lesson));
        let texts = entries(&lesson).into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml" || end == "md"));
        for file in texts {
            let _ = writeln!(code, "        ({:?}, include_str!({:?})),", name(&file), file.display().to_string());
        }
        code.push_str("    ]),\n");
    }
    code.push_str("];\n");
    code
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is in a folder, in order of name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listing.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

fn ftl_files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "ftl")).collect()
}

fn read(file: &Path, messages: &mut Messages) {
    let source = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let resource = fluent_syntax::parser::parse(source.as_str()).unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", file.display()));
    for entry in resource.body {
        if let Entry::Message(message) = entry {
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                collect(pattern, &mut variables);
            }
            if messages.insert(message.id.name.to_owned(), variables).is_some() {
                panic!("{}: `{}` is defined twice", file.display(), message.id.name);
            }
        }
    }
}

fn collect(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(expression, variables);
        }
    }
}

fn collect_expression(expression: &Expression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, variables),
        Expression::Select { selector, variants } => {
            collect_inline(selector, variables);
            for variant in variants {
                collect(&variant.value, variables);
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => collect_expression(expression, variables),
        _ => {}
    }
}

fn compare(one: &Messages, one_name: &str, other: &Messages, other_name: &str) {
    for (key, variables) in one {
        match other.get(key) {
            None => panic!("locales: `{key}` is in {one_name} but not in {other_name}"),
            Some(others) if others != variables => {
                panic!("locales: `{key}` uses {variables:?} in {one_name} but {others:?} in {other_name}")
            }
            Some(_) => {}
        }
    }
}
