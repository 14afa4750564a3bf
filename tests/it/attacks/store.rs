//! x
use super::kit::*;
pub fn attacks() -> Vec<Attack> { vec![] }
