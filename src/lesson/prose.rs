//! Lesson prose: Markdown becomes blocks. Raw HTML is text, never markup.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

use pulldown_cmark::{BrokenLink, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Block, Inline, Step};
use crate::text::{Diagnostic, Message, key};

/// Bounds of one text.
const EVENTS_MAX: usize = 200_000;
const NESTING_MAX: usize = 64;

/// Where prose stands: a part of a file.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    /// The whole file, to tell lines.
    pub(super) whole: &'a str,
    /// The prose; a TOML string has lost its escapes, so it need not be a slice of the file.
    pub(super) body: &'a str,
    /// Where it starts in the file.
    pub(super) start: usize,
}

/// What the prose may refer to.
pub(super) struct Names<'a> {
    pub(super) packets: &'a [String],
    pub(super) predictions: &'a [String],
}

/// Reads the body of a text: each second-level heading starts a step.
///
/// # Errors
/// Every name that does not exist, every address that is not allowed, prose outside a step.
pub(super) fn steps(source: Source<'_>, names: &Names<'_>) -> Result<Vec<Step>, Vec<Diagnostic>> {
    let mut reader = Reader::new(source, names);
    let blocks = reader.read();
    let mut steps: Vec<Step> = Vec::new();
    for block in blocks {
        match block {
            Read::Step(title) => steps.push(Step { title, blocks: Vec::new() }),
            Read::Block(block, at) => match steps.last_mut() {
                Some(step) => step.blocks.push(block),
                None => reader.mistake(at, key::LESSON_MISTAKE_OUTSIDE_STEP.message()),
            },
        }
    }
    reader.finish(steps)
}

/// Reads blocks without steps: a hint.
pub(super) fn blocks(source: Source<'_>, names: &Names<'_>) -> Result<Vec<Block>, Vec<Diagnostic>> {
    let mut reader = Reader::new(source, names);
    let read = reader.read();
    let blocks = read
        .into_iter()
        .filter_map(|block| match block {
            Read::Block(block, _) => Some(block),
            Read::Step(_) => None,
        })
        .collect();
    reader.finish(blocks)
}

/// Reads one line of prose: a goal, a question, an option.
pub(super) fn line(source: Source<'_>, names: &Names<'_>) -> Result<Vec<Inline>, Vec<Diagnostic>> {
    let blocks = blocks(source, names)?;
    let mut inlines = Vec::new();
    for block in blocks {
        if let Block::Paragraph(content) = block {
            inlines.extend(content);
        }
    }
    Ok(inlines)
}

enum Read {
    Step(String),
    Block(Block, usize),
}

/// A container that is being filled. Kept on an explicit stack: prose nests as deep as its author likes.
enum Frame {
    Paragraph,
    Heading(HeadingLevel),
    Note(Vec<Block>),
    List { ordered: bool, items: Vec<Vec<Block>> },
    Item(Vec<Block>),
    Code(String),
    Table { head: Vec<Vec<Inline>>, rows: Vec<Vec<Vec<Inline>>>, row: Vec<Vec<Inline>> },
    Cell,
    Strong,
    Emphasis,
    Link(String),
    Ignored,
}

struct Reader<'a> {
    source: Source<'a>,
    names: &'a Names<'a>,
    frames: Vec<(Frame, usize)>,
    /// One list for each open container of inlines, the innermost last.
    inlines: Vec<Vec<Inline>>,
    done: Vec<Read>,
    mistakes: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(source: Source<'a>, names: &'a Names<'a>) -> Self {
        Self { source, names, frames: Vec::new(), inlines: vec![Vec::new()], done: Vec::new(), mistakes: Vec::new() }
    }

    fn finish<T>(self, value: T) -> Result<T, Vec<Diagnostic>> {
        if self.mistakes.is_empty() { Ok(value) } else { Err(self.mistakes) }
    }

    fn mistake(&mut self, at: usize, message: Message) {
        let mistake = self.diagnostic(at, message);
        self.mistakes.push(mistake);
    }

    fn diagnostic(&self, at: usize, message: Message) -> Diagnostic {
        Diagnostic::new(self.source.file, self.source.whole, at.saturating_add(self.source.start), message)
    }

    fn read(&mut self) -> Vec<Read> {
        // [MQTT-4.4.0-1] needs no address: any bracket without one that looks like a clause becomes a clause.
        let clause = |link: BrokenLink<'a>| {
            let text = link.reference.trim_matches('`').to_owned();
            is_clause(&text).then(|| (CowStr::from(format!("clause:{text}")), CowStr::from("")))
        };
        let parser = Parser::new_with_broken_link_callback(self.source.body, Options::ENABLE_TABLES, Some(clause));
        for (count, (event, range)) in parser.into_offset_iter().enumerate() {
            if count >= EVENTS_MAX || self.frames.len() >= NESTING_MAX {
                self.mistake(range.start, key::LESSON_MISTAKE_TOO_DEEP.message());
                break;
            }
            self.event(event, range.start);
        }
        std::mem::take(&mut self.done)
    }

    fn event(&mut self, event: Event<'_>, at: usize) {
        match event {
            Event::Start(tag) => self.start(tag, at),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                if let Some((Frame::Code(code), _)) = self.frames.last_mut() {
                    code.push_str(&text);
                } else {
                    self.inline(Inline::Text(text.into_string()));
                }
            }
            Event::Code(text) => self.inline(Inline::Code(text.into_string())),
            Event::SoftBreak => self.inline(Inline::Text(" ".to_owned())),
            Event::HardBreak => self.inline(Inline::Break),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, at: usize) {
        let frame = match tag {
            Tag::Paragraph | Tag::HtmlBlock => Frame::Paragraph,
            Tag::Heading { level, .. } => Frame::Heading(level),
            Tag::BlockQuote(_) => Frame::Note(Vec::new()),
            Tag::List(start) => Frame::List { ordered: start.is_some(), items: Vec::new() },
            Tag::Item => {
                self.inlines.push(Vec::new());
                self.frames.push((Frame::Item(Vec::new()), at));
                return;
            }
            Tag::CodeBlock(_) => Frame::Code(String::new()),
            Tag::Table(_) => Frame::Table { head: Vec::new(), rows: Vec::new(), row: Vec::new() },
            Tag::TableCell => Frame::Cell,
            Tag::Strong => Frame::Strong,
            Tag::Emphasis => Frame::Emphasis,
            Tag::Link { dest_url, .. } => Frame::Link(dest_url.into_string()),
            _ => Frame::Ignored,
        };
        if matches!(frame, Frame::Paragraph | Frame::Heading(_) | Frame::Cell | Frame::Strong | Frame::Emphasis | Frame::Link(_)) {
            self.inlines.push(Vec::new());
        }
        self.frames.push((frame, at));
    }

    fn end(&mut self, tag: TagEnd) {
        let Some((frame, at)) = self.frames.pop() else { return };
        match frame {
            Frame::Paragraph => {
                let content = self.close();
                let block = self.directive(&content, at).unwrap_or(Block::Paragraph(content));
                self.block(block, at);
            }
            Frame::Heading(level) => {
                let content = self.close();
                if level == HeadingLevel::H2 && self.frames.is_empty() {
                    self.done.push(Read::Step(plain(&content)));
                } else {
                    self.block(Block::Heading(content), at);
                }
            }
            Frame::Note(blocks) => self.block(Block::Note(blocks), at),
            Frame::List { ordered, items } => self.block(Block::List { ordered, items }, at),
            Frame::Item(mut blocks) => {
                // Tight lists have no paragraphs: what stands directly in the item comes before its nested blocks.
                let content = self.close();
                if !content.is_empty() {
                    blocks.insert(0, Block::Paragraph(content));
                }
                if let Some((Frame::List { items, .. }, _)) = self.frames.last_mut() {
                    items.push(blocks);
                }
            }
            Frame::Code(text) => self.block(Block::Code(text), at),
            Frame::Table { head, rows, .. } => self.block(Block::Table { head, rows }, at),
            Frame::Cell => {
                let content = self.close();
                if let Some((Frame::Table { row, .. }, _)) = self.table() {
                    row.push(content);
                }
            }
            Frame::Strong => {
                let content = self.close();
                self.inline(Inline::Strong(content));
            }
            Frame::Emphasis => {
                let content = self.close();
                self.inline(Inline::Emphasis(content));
            }
            Frame::Link(url) => {
                let content = self.close();
                let inline = self.link(&url, content, at);
                self.inline(inline);
            }
            Frame::Ignored => {
                if let Some((Frame::Table { head, rows, row }, _)) = self.table() {
                    let cells = std::mem::take(row);
                    match tag {
                        TagEnd::TableHead => *head = cells,
                        TagEnd::TableRow => rows.push(cells),
                        _ => {}
                    }
                }
            }
        }
    }

    fn table(&mut self) -> Option<&mut (Frame, usize)> {
        self.frames.iter_mut().rev().find(|(frame, _)| matches!(frame, Frame::Table { .. }))
    }

    fn close(&mut self) -> Vec<Inline> {
        self.inlines.pop().unwrap_or_default()
    }

    fn inline(&mut self, inline: Inline) {
        if let Some(list) = self.inlines.last_mut() {
            // The parser cuts text at every special character: join it again.
            if let (Inline::Text(more), Some(Inline::Text(text))) = (&inline, list.last_mut()) {
                text.push_str(more);
            } else {
                list.push(inline);
            }
        }
    }

    fn block(&mut self, block: Block, at: usize) {
        match self.frames.last_mut() {
            Some((Frame::Note(blocks) | Frame::Item(blocks), _)) => blocks.push(block),
            _ => self.done.push(Read::Block(block, at)),
        }
    }

    /// A paragraph that is only `{goals}` or `{prediction: id}`.
    fn directive(&mut self, content: &[Inline], at: usize) -> Option<Block> {
        let [Inline::Text(text)] = content else { return None };
        let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        if inner == "goals" {
            return Some(Block::Goals);
        }
        let id = inner.strip_prefix("prediction:")?.trim();
        match self.names.predictions.iter().position(|name| name == id) {
            Some(index) => Some(Block::Prediction(index)),
            None => {
                let message = key::LESSON_MISTAKE_NO_PREDICTION.with("name", id);
                let found = self.diagnostic(at, message);
                self.mistakes.push(found.suggest(id, self.names.predictions.iter().map(String::as_str)));
                None
            }
        }
    }

    fn link(&mut self, url: &str, text: Vec<Inline>, at: usize) -> Inline {
        if let Some(clause) = url.strip_prefix("clause:") {
            return Inline::Clause(clause.to_owned());
        }
        if let Some(name) = url.strip_prefix("packet:") {
            if let Some(packet) = self.names.packets.iter().position(|known| known == name) {
                return Inline::Packet { packet, text: plain(&text) };
            }
            let found = self.diagnostic(at, key::LESSON_MISTAKE_NO_PACKET.with("name", name));
            self.mistakes.push(found.suggest(name, self.names.packets.iter().map(String::as_str)));
        } else if !url.starts_with("https://") {
            self.mistake(at, key::LESSON_MISTAKE_LINK.with("url", url));
        }
        Inline::Link { url: url.to_owned(), text }
    }
}

/// `MQTT-4.4.0-1`: the form of a normative statement's name.
fn is_clause(text: &str) -> bool {
    text.strip_prefix("MQTT-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')))
}

/// The text of inlines without their marks. Not recursive: marks inside marks inside headings are rare, but input is input.
fn plain(inlines: &[Inline]) -> String {
    let mut text = String::new();
    let mut stack: Vec<&Inline> = inlines.iter().rev().collect();
    while let Some(inline) = stack.pop() {
        match inline {
            Inline::Text(part) | Inline::Code(part) | Inline::Clause(part) | Inline::Packet { text: part, .. } => text.push_str(part),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { text: inner, .. } => stack.extend(inner.iter().rev()),
            Inline::Break => text.push(' '),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<Step>, Vec<Diagnostic>> {
        let names = Names { packets: &["dup".to_owned()], predictions: &["how-often".to_owned()] };
        steps(Source { file: "ko.md", whole: text, body: text, start: 0 }, &names)
    }

    #[test]
    fn marks_directives_and_references_become_blocks() {
        let steps = read(
            "## 하나\n\n보세요: [PUBLISH dup](packet:dup) [MQTT-4.4.0-1] **굵게**\n\n{prediction: how-often}\n\n- 가\n- 나\n\n> 주의\n\n## 둘\n\n{goals}\n",
        )
        .unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0].title, "하나");
        assert_eq!(
            steps[0].blocks[0],
            Block::Paragraph(vec![
                Inline::Text("보세요: ".to_owned()),
                Inline::Packet { packet: 0, text: "PUBLISH dup".to_owned() },
                Inline::Text(" ".to_owned()),
                Inline::Clause("MQTT-4.4.0-1".to_owned()),
                Inline::Text(" ".to_owned()),
                Inline::Strong(vec![Inline::Text("굵게".to_owned())]),
            ])
        );
        assert_eq!(steps[0].blocks[1], Block::Prediction(0));
        let item = |text: &str| vec![Block::Paragraph(vec![Inline::Text(text.to_owned())])];
        assert_eq!(steps[0].blocks[2], Block::List { ordered: false, items: vec![item("가"), item("나")] });
        assert_eq!(steps[0].blocks[3], Block::Note(item("주의")));
        assert_eq!(steps[1].blocks, [Block::Goals]);
    }

    #[test]
    fn tables_keep_head_and_rows() {
        let steps = read("## 표\n\n| a | b |\n|---|---|\n| 1 | 2 |\n").unwrap();
        let cell = |text: &str| vec![Inline::Text(text.to_owned())];
        assert_eq!(steps[0].blocks, [Block::Table { head: vec![cell("a"), cell("b")], rows: vec![vec![cell("1"), cell("2")]] }]);
    }

    #[test]
    fn raw_html_is_text() {
        let steps = read("## 하나\n\n<script>alert(1)</script>\n\na <b>c</b>\n").unwrap();
        let all = format!("{:?}", steps[0].blocks);
        assert!(all.contains("<script>alert(1)</script>") && all.contains("a <b>c</b>"), "{all}");
    }

    #[test]
    fn mistakes_name_line_and_suggestion() {
        let mistakes = read("## 하나\n\n[x](packet:dupp)\n\n[y](javascript:alert)\n\n{prediction: how-ofen}\n").unwrap_err();
        assert_eq!(mistakes.iter().map(|found| found.line).collect::<Vec<_>>(), [3, 5, 7]);
        assert_eq!(mistakes[0].suggestion.as_deref(), Some("dup"));
        assert_eq!(mistakes[2].suggestion.as_deref(), Some("how-often"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|[\\n\\[\\]{}#>*|`<-]){0,300}") {
            let _ = read(&text);
        }
    }
}
