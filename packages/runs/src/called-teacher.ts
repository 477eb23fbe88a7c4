/** What errors of a run call a teacher; that of one alone has no name. */
export const calledTeacher = (name: string): string => `teacher${name && ` "${name}"`}`
