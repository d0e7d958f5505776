//! Icons: strokes in the colour of the text, never the only label.

use yew::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    ToStart,
    StepBack,
    Play,
    Pause,
    StepForward,
    ToEnd,
    Check,
    Cross,
    Download,
    Theme,
    Sound,
    Silence,
    Help,
    Plug,
    Bulb,
    Restart,
    Arrow,
    Lesson,
    Sequence,
    Bytes,
    State,
    Hand,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::ToStart => "M5 5v14M19 5v14l-11-7z",
            Self::StepBack => "M15 5v14L5 12zM19 5v14",
            Self::Play => "M7 4v16l13-8z",
            Self::Pause => "M8 5v14M16 5v14",
            Self::StepForward => "M5 5v14M9 5v14l10-7z",
            Self::ToEnd => "M5 5v14l11-7zM19 5v14",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Cross => "M6 6l12 12M18 6 6 18",
            Self::Download => "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
            Self::Theme => "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17",
            Self::Sound => "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
            Self::Silence => "M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5",
            Self::Help => "M9.2 9a2.9 2.9 0 1 1 4.3 2.5c-1 .6-1.5 1.1-1.5 2.2M12 17.3v.2",
            Self::Plug => "M9 3v5M15 3v5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0zM12 17v4",
            Self::Bulb => "M9.5 18h5M10 21h4M8.5 14.6A6 6 0 1 1 15.5 14.6c-.6.5-.8 1.1-.9 1.9H9.4c-.1-.8-.3-1.4-.9-1.9z",
            Self::Restart => "M5 12a7 7 0 1 0 2.2-5.1M4.5 4v4h4",
            Self::Arrow => "M5 12h14M13 6l6 6-6 6",
            Self::Lesson => "M4 5.5c3-1.2 5.5-1 8 .8v13c-2.5-1.8-5-2-8-.8zM20 5.5c-3-1.2-5.5-1-8 .8v13c2.5-1.8 5-2 8-.8z",
            Self::Sequence => "M6 3v18M18 3v18M6 8l12 3M18 14 6 17",
            Self::Bytes => "M4 6h4v4H4zM10 6h4v4h-4zM16 6h4v4h-4zM4 14h4v4H4zM10 14h4v4h-4z",
            Self::State => "M5 6h14M5 12h14M5 18h14M8 4v4M15 10v4M10 16v4",
            Self::Hand => "M5 12h9M5 7h14M5 17h6M17 10v4M14 15v4",
        }
    }

    const fn is_solid(self) -> bool {
        matches!(self, Self::Play)
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct IconProps {
    pub(crate) glyph: Glyph,
}

/// An icon of 20 by 20 CSS pixels.
#[component]
pub(crate) fn Icon(IconProps { glyph }: &IconProps) -> Html {
    html! {
        <svg class={classes!("icon", glyph.is_solid().then_some("solid"))} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={glyph.path()} />
        </svg>
    }
}
