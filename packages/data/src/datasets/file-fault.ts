/** Why one file, or the image in it, cannot be read, in words that go on from "but". It says nothing of others. */
export class FileFault extends Error {}
