/** What a batch, or the shapes of its parts, say of teachers. */
interface OfTeachers<T> {
  readonly teacher?: T | undefined
  readonly teachers?: Readonly<Record<string, T>> | undefined
}

/** @throws Error without a teacher, or if there are several */
export function teacherOf<T>(who: string, batch: OfTeachers<T> | undefined): T {
  const { teacher, teachers } = batch ?? {}
  if (teacher !== undefined) return teacher
  if (teachers === undefined)
    throw new Error(`${who}: expected a teacher, got none. Give the recipe teacher: { backbone, weights }.`)
  const names = Object.keys(teachers)
  throw new Error(
    `${who}: expected one teacher, got several by name, ${names.join(', ')}. Choose one: ` +
      `ofTeacher('${names[0]}', ${who}()).`
  )
}
