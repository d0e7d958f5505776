//! How far the learner is in a lesson.

use super::screen::{LessonScreen, PredictionState};
use crate::lesson::{GoalResult, Lesson};
use crate::text::{Language, Message, key};
use std::rc::Rc;

#[derive(Debug)]
pub(super) struct Progress {
    pub(super) lesson: Rc<Lesson>,
    step: usize,
    predictions: Vec<PredictionState>,
    pub(super) goals: Vec<GoalResult>,
    pub(super) checked: bool,
    hints_shown: usize,
    pub(super) showing_solution: bool,
}

impl Progress {
    pub(super) fn new(lesson: &Lesson) -> Self {
        let goals = (0..lesson.goals.len()).map(|goal| GoalResult { goal, met: false, finding: None });
        Self {
            step: 0,
            predictions: vec![PredictionState::default(); lesson.predictions.len()],
            goals: goals.collect(),
            checked: false,
            hints_shown: 0,
            showing_solution: false,
            lesson: Rc::new(lesson.clone()),
        }
    }

    /// A run from the start: findings go, what was read and answered stays.
    pub(super) fn start_anew(&mut self, showing_solution: bool) {
        self.checked = false;
        self.showing_solution = showing_solution;
        for goal in &mut self.goals {
            *goal = GoalResult { goal: goal.goal, met: false, finding: None };
        }
    }

    pub(super) fn turn_to(&mut self, step: usize) -> Result<(), Message> {
        if step >= self.steps() {
            return Err(key::PLAYGROUND_NO_SUCH_STEP.message());
        }
        self.step = step;
        Ok(())
    }

    fn steps(&self) -> usize {
        Language::ALL.into_iter().map(|language| self.lesson.text.get(language).steps.len()).max().unwrap_or_default()
    }

    /// An answer may be changed.
    pub(super) fn predict(&mut self, prediction: usize, option: usize) -> Result<(), Message> {
        let options = self.lesson.predictions.get(prediction).map_or(0, |found| found.options.len());
        let state = self.predictions.get_mut(prediction).filter(|_| option < options);
        let state = state.ok_or_else(|| key::PLAYGROUND_NO_SUCH_PREDICTION.message())?;
        state.chosen = Some(option);
        Ok(())
    }

    pub(super) fn reveal_hint(&mut self) -> Result<(), Message> {
        let hints = Language::ALL.into_iter().map(|language| self.lesson.text.get(language).hints.len()).max().unwrap_or_default();
        if self.hints_shown >= hints {
            return Err(key::PLAYGROUND_NO_MORE_HINTS.message());
        }
        self.hints_shown += 1;
        Ok(())
    }

    pub(super) fn screen(&self) -> LessonScreen {
        LessonScreen {
            lesson: Rc::clone(&self.lesson),
            step: self.step,
            predictions: self.predictions.clone(),
            goals: self.goals.clone(),
            checked: self.checked,
            solved: !self.goals.is_empty() && self.goals.iter().all(|goal| goal.met),
            hints_shown: self.hints_shown,
            showing_solution: self.showing_solution,
        }
    }
}
