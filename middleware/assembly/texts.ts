import { compareStrings } from "./code-units";
import { Text } from "./text";

const FIRST_CAPACITY: i32 = 16;

/** A list of texts that grows. */
export class Texts {
  count: i32 = 0;
  private items: StaticArray<Text> = new StaticArray<Text>(FIRST_CAPACITY);

  at(index: i32): Text {
    return this.items[index];
  }

  add(text: Text): void {
    if (this.count == this.items.length) {
      const larger = new StaticArray<Text>(this.count << 1);
      for (let i = 0; i < this.count; i++) larger[i] = this.items[i];
      this.items = larger;
    }
    this.items[this.count++] = text;
  }

  /** Adds a JSON string where its place is by UTF-16 code units, unless it is there. All others are strings that were added so. */
  addSorted(value: Text): void {
    let at = this.count;
    while (at > 0 && compareStrings(value, this.items[at - 1]) < 0) at--;
    if (at > 0 && compareStrings(value, this.items[at - 1]) == 0) return;
    this.add(value);
    for (let i = this.count - 1; i > at; i--) this.items[i] = this.items[i - 1];
    this.items[at] = value;
  }
}
