//! What the published page weighs, and how much it may.

use std::fs;
use std::path::Path;

/// Largest WebAssembly module, in bytes as published (before the server compresses it).
const WASM_LIMIT: u64 = 3 * 1024 * 1024;

/// Prints the size of each file in `dist`; fails if the module is larger than it may be.
pub(crate) fn check(dist: &Path) -> Result<(), String> {
    let mut files = Vec::new();
    collect(dist, &mut files).map_err(|error| format!("{}: {error}", dist.display()))?;
    files.sort();
    let mut total = 0;
    for (name, size) in &files {
        let name = name.strip_prefix(&format!("{}/", dist.display())).unwrap_or(name);
        println!("{size:>10} B  {name}");
        total += size;
    }
    println!("{total:>10} B  in all");
    let wasm = files.iter().filter(|(name, _)| name.ends_with(".wasm")).map(|(_, size)| *size).max();
    match wasm {
        None => Err("dist has no .wasm file: the page was not built".to_owned()),
        Some(size) if size > WASM_LIMIT => Err(format!("the WebAssembly module has {size} B; at most {WASM_LIMIT} B are allowed")),
        Some(_) => Ok(()),
    }
}

fn collect(folder: &Path, files: &mut Vec<(String, u64)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push((path.display().to_string(), fs::metadata(&path)?.len()));
        }
    }
    Ok(())
}
