//! Joins `src/web/styles/main.css` with the files that it imports, so that the page has one style sheet with a hashed name
//! (Trunk copies style sheets as they are).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::command::root;

/// Writes `target/styles/main.css`, only if it changed.
pub(crate) fn write() -> Result<(), String> {
    let styles = root().join("src/web/styles");
    let joined = join(&mut |name| read(&styles.join(name)), "main.css", &mut BTreeSet::new())?;
    let folder = root().join("target/styles");
    let file = folder.join("main.css");
    if fs::read_to_string(&file).is_ok_and(|old| old == joined) {
        return Ok(());
    }
    fs::create_dir_all(&folder).and_then(|()| fs::write(&file, joined)).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The text of `name` with each `@import` line replaced by what it imports; each file once.
fn join(read: &mut dyn FnMut(&str) -> Result<String, String>, name: &str, seen: &mut BTreeSet<String>) -> Result<String, String> {
    if !seen.insert(name.to_owned()) {
        return Err(format!("{name} is imported twice"));
    }
    let mut joined = String::new();
    for (index, line) in read(name)?.lines().enumerate() {
        if !line.trim_start().starts_with("@import") {
            joined.push_str(line);
            joined.push('\n');
            continue;
        }
        let import = parse_import(line).ok_or_else(|| format!("{name}:{}: write @import \"file.css\" [layer(name)];", index + 1))?;
        let inner = join(read, import.file, seen).map_err(|error| format!("{name}:{}: {error}", index + 1))?;
        match import.layer {
            Some(layer) => joined.push_str(&format!("@layer {layer} {{\n{inner}}}\n")),
            None => joined.push_str(&inner),
        }
    }
    Ok(joined)
}

struct Import<'a> {
    file: &'a str,
    layer: Option<&'a str>,
}

/// Reads `@import "file.css" layer(name);` or `@import url("file.css");`.
fn parse_import(line: &str) -> Option<Import<'_>> {
    let rest = line.trim().strip_prefix("@import")?.trim().strip_suffix(';')?.trim();
    let rest = rest.strip_prefix("url(").map_or(rest, str::trim_start);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (file, after) = rest.get(1..)?.split_once(quote)?;
    let file = file.strip_prefix("./").unwrap_or(file);
    let after = after.trim().trim_start_matches(')').trim();
    let layer = match after {
        "" => None,
        _ => Some(after.strip_prefix("layer(")?.strip_suffix(')')?),
    };
    let is_plain = !file.contains([':', '/', '\\']) && file.ends_with(".css");
    is_plain.then_some(Import { file, layer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(files: &[(&str, &str)]) -> Result<String, String> {
        let mut read = |name: &str| {
            let file = files.iter().find(|(file, _)| *file == name);
            file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("{name}: not found"))
        };
        join(&mut read, "main.css", &mut BTreeSet::new())
    }

    #[test]
    fn imports_are_replaced_in_order() {
        let files = [
            ("main.css", "@layer a, b;\n@import \"./a.css\" layer(a);\n@import url('b.css');\np{}\n"),
            ("a.css", "a{}\n"),
            ("b.css", "b{}\n"),
        ];
        assert_eq!(joined(&files).unwrap(), "@layer a, b;\n@layer a {\na{}\n}\nb{}\np{}\n");
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        assert_eq!(joined(&[("main.css", "\n@import \"a.css\";\n")]).unwrap_err(), "main.css:2: a.css: not found");
        let circle = [("main.css", "@import \"a.css\";\n"), ("a.css", "@import \"main.css\";\n")];
        assert_eq!(joined(&circle).unwrap_err(), "main.css:1: a.css:1: main.css is imported twice");
        assert!(joined(&[("main.css", "@import \"https://example.org/a.css\";")]).unwrap_err().starts_with("main.css:1: write"));
    }
}
