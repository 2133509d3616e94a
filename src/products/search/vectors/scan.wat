;; The three loops over everything in the index. `npm run build:kernel` turns this file into scan.wasm.
;;
;; It works on three memories: the index's rows and its postings, which all threads share, and a scratch memory of this
;; thread's own, which holds what is asked with (from address 0) and takes the results.
(module
  (import "index" "rows" (memory $rows 1 65536 shared))
  (import "index" "postings" (memory $postings 1 65536 shared))
  (import "thread" "scratch" (memory $scratch 1))

  ;; For `count` rows of `width` int8 numbers that lie one after another from `row`: the highest of a row's dot products with
  ;; `vectors` vectors at scratch 0, whose numbers are int16 already, as products of two int8 are. Writes one i32 each from
  ;; `out`. `width` is a multiple of 16, `vectors` at least 1.
  (func (export "dots")
    (param $row i32) (param $count i32) (param $width i32) (param $vectors i32) (param $out i32)
    (local $at i32) (local $vectors_end i32) (local $row_end i32) (local $end i32) (local $highest i32) (local $dot i32)
    (local $sum v128)
    (local.set $vectors_end (i32.shl (i32.mul (local.get $vectors) (local.get $width)) (i32.const 1)))
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $next_row
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $highest (i32.const 0x80000000))
        (local.set $at (i32.const 0))
        (local.set $row_end (i32.add (local.get $row) (local.get $width)))
        (loop $next_vector
          (local.set $row (i32.sub (local.get $row_end) (local.get $width)))
          (local.set $sum (v128.const i32x4 0 0 0 0))
          (loop $next_16
            ;; Eight numbers a step: products of 16 bits, pairs of which are added up in 32 bits.
            (local.set $sum
              (i32x4.add (local.get $sum)
                (i32x4.add
                  (i32x4.dot_i16x8_s (v128.load $scratch (local.get $at)) (v128.load8x8_s $rows (local.get $row)))
                  (i32x4.dot_i16x8_s
                    (v128.load $scratch offset=16 (local.get $at))
                    (v128.load8x8_s $rows offset=8 (local.get $row))))))
            (local.set $at (i32.add (local.get $at) (i32.const 32)))
            (local.set $row (i32.add (local.get $row) (i32.const 16)))
            (br_if $next_16 (i32.lt_u (local.get $row) (local.get $row_end))))
          (local.set $dot (call $add_4 (local.get $sum)))
          (if (i32.gt_s (local.get $dot) (local.get $highest))
            (then (local.set $highest (local.get $dot))))
          (br_if $next_vector (i32.lt_u (local.get $at) (local.get $vectors_end))))
        (i32.store $scratch (local.get $out) (local.get $highest))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $next_row))))

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
  ;; bits, from `out`. Stops at blocks from `limit` on. Returns the address behind what was written.
  (func (export "matches")
    (param $block i32) (param $count i32) (param $limit i32) (param $low i32) (param $high i32) (param $distance_max i32)
    (param $out i32) (result i32)
    (local $signature i64)
    (local $seen i32) (local $capacity i32) (local $posting i32) (local $end i32) (local $distance i32)
    (local.set $signature
      (i64.or
        (i64.extend_i32_u (local.get $low)) (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))))
    (block $done
      (loop $next_block
        (br_if $done (i32.ge_u (local.get $seen) (local.get $count)))
        (br_if $done (i32.ge_u (local.get $block) (local.get $limit)))
        (local.set $capacity (call $capacity (local.get $seen)))
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
