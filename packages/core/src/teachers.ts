import type { OneOrNamed, Teacher } from './contracts.ts'
import { checkGiven } from './options.ts'

type WithBackbone = Pick<Teacher, 'backbone'>

/**
 * The teachers of a recipe, each with its name; that of one alone is empty. One alone is told from several by its
 * backbone.
 *
 * @throws TypeError for what is no record
 */
export function teachersOf<T extends WithBackbone>(
  given: OneOrNamed<T> | undefined
): readonly (readonly [name: string, teacher: T])[] {
  if (given === undefined) return []
  checkGiven('teachersOf', 'a teacher, or several by name', given, 'record')
  return isAlone(given) ? [['', given]] : Object.entries(given)
}

/**
 * The same for every teacher, in the form in which they were given: of one alone, or by their names.
 *
 * @throws TypeError for what is no record, and without a function
 */
export function mapTeachers<T extends WithBackbone, U>(
  given: OneOrNamed<T>,
  change: (teacher: T, name: string) => U
): OneOrNamed<U> {
  checkGiven('mapTeachers', 'a teacher, or several by name', given, 'record')
  checkGiven('mapTeachers', 'a function of a teacher and its name', change, 'function')
  return isAlone(given)
    ? change(given, '')
    : Object.fromEntries(Object.entries(given).map(([name, teacher]) => [name, change(teacher, name)]))
}

/** What errors call a teacher. */
export const calledTeacher = (name: string): string => (name === '' ? 'teacher' : `teacher "${name}"`)

const isAlone = <T extends WithBackbone>(given: OneOrNamed<T>): given is T => 'backbone' in given
