// Whole numbers of any size that numbers in JSON come to.

/** Bits of a number: 801 digits times a power of ten and of two, and some more. */
const MAX_LIMBS: i32 = 256;

/** A whole number, from zero on. Each operation changes it. */
export class Natural {
  /** Pieces of 32 bits, the least first. */
  private readonly limbs: StaticArray<u32> = new StaticArray<u32>(MAX_LIMBS);
  private used: i32 = 0;

  set(value: u64): void {
    this.limbs[0] = <u32>value;
    this.limbs[1] = <u32>(value >> 32);
    this.used = value == 0 ? 0 : value >> 32 == 0 ? 1 : 2;
  }

  /** Multiplies by a number, and adds another. */
  multiply(factor: u32, addend: u32): void {
    let carry: u64 = addend;
    for (let i = 0; i < this.used; i++) {
      carry += <u64>this.limbs[i] * factor;
      this.limbs[i] = <u32>carry;
      carry >>= 32;
    }
    if (carry != 0) this.limbs[this.used++] = <u32>carry;
  }

  /** Multiplies by a power of two. */
  shift(bits: i32): void {
    const whole = bits >> 5;
    for (let i = this.used - 1; i >= 0; i--) this.limbs[i + whole] = this.limbs[i];
    for (let i = 0; i < whole; i++) this.limbs[i] = 0;
    if (this.used > 0) this.used += whole;
    this.multiply(1 << (bits & 31), 0);
  }

  /** Negative where this is the smaller one, zero where both are the same. */
  compare(other: Natural): i32 {
    if (this.used != other.used) return this.used - other.used;
    for (let i = this.used - 1; i >= 0; i--) {
      if (this.limbs[i] != other.limbs[i]) return this.limbs[i] < other.limbs[i] ? -1 : 1;
    }
    return 0;
  }
}
