;; The three loops over everything in the index. `npm run build:kernel` turns this file into scan.wasm.
;;
;; It works on three memories: the index's rows and its postings, which all threads share, and a scratch memory of this
;; thread's own, which holds what is asked with (from address 0) and takes the results.
(module
  (import "index" "rows" (memory $rows 1 65536 shared))
  (import "index" "postings" (memory $postings 1 65536 shared))
  (import "thread" "scratch" (memory $scratch 1))

  ;; The dot products of one vector and `count` rows, of `width` int8 numbers each, that lie one after another from `row`; `count`
  ;; is a multiple of 4, `width` of 16. The vector is at scratch `vector`, its numbers int16 already. Writes one i32 each from
  ;; `out`. The four quarters of the rows are gone through side by side: each step loads the vector once for four rows, and
  ;; while one of them waits for memory the others go on.
  (func (export "dots")
    (param $row i32) (param $count i32) (param $width i32) (param $vector i32) (param $out i32)
    (local $at i32) (local $end i32) (local $rows_end i32) (local $quarter i32)
    (local $row1 i32) (local $row2 i32) (local $row3 i32) (local $row4 i32)
    (local $sum1 v128) (local $sum2 v128) (local $sum3 v128) (local $sum4 v128) (local $x v128) (local $y v128)
    (local.set $end (i32.add (local.get $vector) (i32.shl (local.get $width) (i32.const 1))))
    (local.set $quarter (i32.shr_u (i32.mul (local.get $count) (local.get $width)) (i32.const 2)))
    (local.set $row1 (local.get $row))
    (local.set $row2 (i32.add (local.get $row1) (local.get $quarter)))
    (local.set $row3 (i32.add (local.get $row2) (local.get $quarter)))
    (local.set $row4 (i32.add (local.get $row3) (local.get $quarter)))
    (local.set $rows_end (local.get $row2))
    (loop $next_rows
      (local.set $sum1 (v128.const i32x4 0 0 0 0))
      (local.set $sum2 (v128.const i32x4 0 0 0 0))
      (local.set $sum3 (v128.const i32x4 0 0 0 0))
      (local.set $sum4 (v128.const i32x4 0 0 0 0))
      (local.set $at (local.get $vector))
      (loop $next_16
        ;; Products of 16 bits, pairs of which are added up in 32 bits.
        (local.set $x (v128.load $scratch (local.get $at)))
        (local.set $y (v128.load $scratch offset=16 (local.get $at)))
        (local.set $sum1
          (i32x4.add (local.get $sum1)
            (i32x4.add
              (i32x4.dot_i16x8_s (local.get $x) (v128.load8x8_s $rows (local.get $row1)))
              (i32x4.dot_i16x8_s (local.get $y) (v128.load8x8_s $rows offset=8 (local.get $row1))))))
        (local.set $sum2
          (i32x4.add (local.get $sum2)
            (i32x4.add
              (i32x4.dot_i16x8_s (local.get $x) (v128.load8x8_s $rows (local.get $row2)))
              (i32x4.dot_i16x8_s (local.get $y) (v128.load8x8_s $rows offset=8 (local.get $row2))))))
        (local.set $sum3
          (i32x4.add (local.get $sum3)
            (i32x4.add
              (i32x4.dot_i16x8_s (local.get $x) (v128.load8x8_s $rows (local.get $row3)))
              (i32x4.dot_i16x8_s (local.get $y) (v128.load8x8_s $rows offset=8 (local.get $row3))))))
        (local.set $sum4
          (i32x4.add (local.get $sum4)
            (i32x4.add
              (i32x4.dot_i16x8_s (local.get $x) (v128.load8x8_s $rows (local.get $row4)))
              (i32x4.dot_i16x8_s (local.get $y) (v128.load8x8_s $rows offset=8 (local.get $row4))))))
        (local.set $row1 (i32.add (local.get $row1) (i32.const 16)))
        (local.set $row2 (i32.add (local.get $row2) (i32.const 16)))
        (local.set $row3 (i32.add (local.get $row3) (i32.const 16)))
        (local.set $row4 (i32.add (local.get $row4) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $next_16 (i32.lt_u (local.get $at) (local.get $end))))
      ;; The results of a quarter take up `count` bytes: four each.
      (i32.store $scratch (local.get $out) (call $add_4 (local.get $sum1)))
      (i32.store $scratch (i32.add (local.get $out) (local.get $count)) (call $add_4 (local.get $sum2)))
      (i32.store $scratch
        (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 1))) (call $add_4 (local.get $sum3)))
      (i32.store $scratch
        (i32.add (local.get $out) (i32.mul (local.get $count) (i32.const 3))) (call $add_4 (local.get $sum4)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $next_rows (i32.lt_u (local.get $row1) (local.get $rows_end)))))

  ;; For `count` pairs of hashes (64 bytes each) that lie one after another from `row`: in how many of the 512 bits they
  ;; differ from the nearest of `pairs` pairs at scratch 0. Writes one i32 each from `out`. `pairs` is at least 1.
  (func (export "distances")
    (param $row i32) (param $count i32) (param $pairs i32) (param $out i32)
    (local $at i32) (local $pairs_end i32) (local $end i32) (local $least i32) (local $distance i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $pairs_end (i32.shl (local.get $pairs) (i32.const 6)))
    (block $done
      (loop $next_row
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $a (v128.load $rows (local.get $row)))
        (local.set $b (v128.load $rows offset=16 (local.get $row)))
        (local.set $c (v128.load $rows offset=32 (local.get $row)))
        (local.set $d (v128.load $rows offset=48 (local.get $row)))
        (local.set $row (i32.add (local.get $row) (i32.const 64)))
        (local.set $least (i32.const 512))
        (local.set $at (i32.const 0))
        (loop $next_pair
          ;; A byte of each sum holds at most 4 × 8 bits, so bytes do not overflow.
          (local.set $distance
            (call $add_16
              (i8x16.add
                (i8x16.add
                  (i8x16.popcnt (v128.xor (local.get $a) (v128.load $scratch (local.get $at))))
                  (i8x16.popcnt (v128.xor (local.get $b) (v128.load $scratch offset=16 (local.get $at)))))
                (i8x16.add
                  (i8x16.popcnt (v128.xor (local.get $c) (v128.load $scratch offset=32 (local.get $at))))
                  (i8x16.popcnt (v128.xor (local.get $d) (v128.load $scratch offset=48 (local.get $at))))))))
          (if (i32.lt_u (local.get $distance) (local.get $least))
            (then (local.set $least (local.get $distance))))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (br_if $next_pair (i32.lt_u (local.get $at) (local.get $pairs_end))))
        (i32.store $scratch (local.get $out) (local.get $least))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $next_row))))

  ;; Goes along a word's chain of postings (see inverted-file.ts) from its first block, over `count` postings, and writes the
  ;; address and the distance (two i32) of each whose signature differs from `low` and `high` in at most `distance_max`
  ;; bits, from `out`. Stops at the block that does not end at `last`, the last address that this thread knows of, or before.
  ;; Returns the address behind what was written.
  (func (export "matches")
    (param $block i32) (param $count i32) (param $last i32) (param $low i32) (param $high i32) (param $distance_max i32)
    (param $out i32) (result i32)
    (local $signature i64)
    (local $seen i32) (local $capacity i32) (local $posting i32) (local $end i32) (local $distance i32)
    (local.set $signature
      (i64.or
        (i64.extend_i32_u (local.get $low)) (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))))
    (block $done
      (loop $next_block
        (br_if $done (i32.ge_u (local.get $seen) (local.get $count)))
        (br_if $done (i32.ge_u (local.get $block) (local.get $last)))
        (local.set $capacity (call $capacity (local.get $seen)))
        ;; The block takes up 4 bytes and 16 for each posting.
        (br_if $done
          (i32.lt_u
            (i32.sub (local.get $last) (local.get $block))
            (i32.add (i32.const 3) (i32.shl (local.get $capacity) (i32.const 4)))))
        (local.set $posting (i32.add (local.get $block) (i32.const 4)))
        (local.set $end
          (i32.add (local.get $posting)
            (i32.shl
              (call $lesser (local.get $capacity) (i32.sub (local.get $count) (local.get $seen)))
              (i32.const 4))))
        (loop $next_posting
          (local.set $distance
            (i32.wrap_i64
              (i64.popcnt
                (i64.xor (i64.load $postings offset=4 (local.get $posting)) (local.get $signature)))))
          (if (i32.le_u (local.get $distance) (local.get $distance_max))
            (then
              (i32.store $scratch (local.get $out) (local.get $posting))
              (i32.store $scratch offset=4 (local.get $out) (local.get $distance))
              (local.set $out (i32.add (local.get $out) (i32.const 8)))))
          (local.set $posting (i32.add (local.get $posting) (i32.const 16)))
          (br_if $next_posting (i32.lt_u (local.get $posting) (local.get $end))))
        (local.set $seen (i32.add (local.get $seen) (local.get $capacity)))
        (local.set $block (i32.load $postings (local.get $block)))
        (br $next_block)))
    (local.get $out))

  ;; As `capacityAfter` in inverted-file.ts: an eighth of what stands before, as a power of two from 4 to 64.
  (func $capacity (param $before i32) (result i32)
    (call $lesser
      (i32.const 64)
      (i32.shl (i32.const 1) (i32.sub (i32.const 28) (i32.clz (i32.or (local.get $before) (i32.const 32)))))))

  (func $lesser (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  (func $add_4 (param $four v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $four)) (i32x4.extract_lane 1 (local.get $four)))
      (i32.add (i32x4.extract_lane 2 (local.get $four)) (i32x4.extract_lane 3 (local.get $four)))))

  (func $add_16 (param $sixteen v128) (result i32)
    (call $add_4 (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $sixteen))))))
