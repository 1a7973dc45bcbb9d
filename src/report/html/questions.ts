import { listQuestions, QUESTIONS_NOTE } from '../questions.js'
import { join, markup, type Markup, prose } from './markup.js'
import type { Page } from './page.js'

/** The questions that fixes wait for, each with the findings that it sets free; null without any. */
export function renderQuestions(page: Page): Markup | null {
  const questions = listQuestions(page.important)
  if (questions.length === 0) return null
  const items = questions.map(
    ({ question, numbers }) =>
      markup`<li>${prose(question, page.names)} <span class="quiet">(${join(
        numbers.map((number) => markup`<a href="#f${number}">${number}</a>`),
        ', ',
      )})</span></li>
`,
  )
  return markup`<p class="note">${QUESTIONS_NOTE}</p>
<ol class="questions">${items}</ol>`
}
