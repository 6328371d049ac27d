;; Two components in one: `voice` makes capitals and counts how often, `speaker` is a command that prints what voice makes of
;; its lines. They have memories of their own, so every string between them is copied by the embedding's adapter.
(component
  (import "wasi:io/error@0.2.3" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $io-error))
  (import "wasi:io/streams@0.2.3" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $io-error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $failure' (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $failure (eq $failure')))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $failure)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stdout@0.2.3" (instance $stdout
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $stream (eq $outer-stream)))
    (export "get-stdout" (func (result (own $stream))))))

  (component $voice
    (core module $module
      (memory (export "memory") 1)
      (global $heap (mut i32) (i32.const 4096))
      (global $count (mut i32) (i32.const 0))
      (func (export "cabi_realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
        global.get $heap
        (global.set $heap (i32.add (global.get $heap) (local.get $bytes))))
      (func (export "shout") (param $at i32) (param $bytes i32) (result i32)
        (local $i i32) (local $c i32)
        (loop $next
          (if (i32.lt_u (local.get $i) (local.get $bytes))
            (then
              (local.set $c (i32.load8_u (i32.add (local.get $at) (local.get $i))))
              (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))
                (then (i32.store8 (i32.add (local.get $at) (local.get $i)) (i32.sub (local.get $c) (i32.const 32)))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $next))))
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (i32.store (i32.const 16) (local.get $at))
        (i32.store (i32.const 20) (local.get $bytes))
        (i32.const 16))
      (func (export "count") (result i32) global.get $count))
    (core instance $core (instantiate $module))
    (func $shout (param "text" string) (result string)
      (canon lift (core func $core "shout") (memory (core memory $core "memory")) (realloc (core func $core "cabi_realloc"))))
    (func $count (result u32) (canon lift (core func $core "count")))
    (instance $api (export "shout" (func $shout)) (export "count" (func $count)))
    (export "rewasm:guests/voice" (instance $api)))

  (component $speaker
    (import "wasi:io/error@0.2.3" (instance $error (export "error" (type (sub resource)))))
    (alias export $error "error" (type $io-error))
    (import "wasi:io/streams@0.2.3" (instance $streams
      (export "output-stream" (type $stream (sub resource)))
      (alias outer 1 $io-error (type $outer-error))
      (export "error" (type $error (eq $outer-error)))
      (type $failure' (variant (case "last-operation-failed" (own $error)) (case "closed")))
      (export "stream-error" (type $failure (eq $failure')))
      (export "[method]output-stream.blocking-write-and-flush"
        (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $failure)))))))
    (alias export $streams "output-stream" (type $output-stream))
    (import "wasi:cli/stdout@0.2.3" (instance $stdout
      (alias outer 1 $output-stream (type $outer-stream))
      (export "output-stream" (type $stream (eq $outer-stream)))
      (export "get-stdout" (func (result (own $stream))))))
    (import "rewasm:guests/voice" (instance $voice
      (export "shout" (func (param "text" string) (result string)))
      (export "count" (func (result u32)))))

    (core module $memory
      (memory (export "memory") 1)
      (global $heap (mut i32) (i32.const 4096))
      (func (export "cabi_realloc") (param i32 i32 i32) (param $bytes i32) (result i32)
        global.get $heap
        (global.set $heap (i32.add (global.get $heap) (local.get $bytes)))))
    (core instance $libc (instantiate $memory))
    (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $libc "memory"))))
    (core func $drop-stream (canon resource.drop $output-stream))
    (core func $get-stdout (canon lower (func $stdout "get-stdout")))
    (core func $shout
      (canon lower (func $voice "shout") (memory (core memory $libc "memory")) (realloc (core func $libc "cabi_realloc"))))
    (core func $count (canon lower (func $voice "count")))
    (core module $module
      (import "libc" "memory" (memory 1))
      (import "host" "write" (func $write (param i32 i32 i32 i32)))
      (import "host" "drop-stream" (func $drop-stream (param i32)))
      (import "host" "get-stdout" (func $get-stdout (result i32)))
      (import "voice" "shout" (func $shout (param i32 i32 i32)))
      (import "voice" "count" (func $count (result i32)))
      (data (i32.const 1024) "two components\0ain one file\0atalk\0a")
      (func $say (param $stream i32) (param $at i32) (param $bytes i32)
        (call $shout (local.get $at) (local.get $bytes) (i32.const 64))
        (call $write (local.get $stream) (i32.load (i32.const 64)) (i32.load (i32.const 68)) (i32.const 80)))
      (func (export "run") (result i32)
        (local $stream i32)
        (local.set $stream (call $get-stdout))
        (call $say (local.get $stream) (i32.const 1024) (i32.const 15))
        (call $say (local.get $stream) (i32.const 1039) (i32.const 12))
        (call $say (local.get $stream) (i32.const 1051) (i32.const 5))
        (call $drop-stream (local.get $stream))
        (i32.ne (call $count) (i32.const 3))))
    (core instance $core (instantiate $module
      (with "libc" (instance $libc))
      (with "host" (instance
        (export "write" (func $write))
        (export "drop-stream" (func $drop-stream))
        (export "get-stdout" (func $get-stdout))))
      (with "voice" (instance (export "shout" (func $shout)) (export "count" (func $count))))))
    (func $run (result (result)) (canon lift (core func $core "run")))
    (instance $api (export "run" (func $run)))
    (export "wasi:cli/run@0.2.3" (instance $api)))

  (instance $voice-instance (instantiate $voice))
  (alias export $voice-instance "rewasm:guests/voice" (instance $voice-api))
  (instance $speaker-instance (instantiate $speaker
    (with "wasi:io/error@0.2.3" (instance $error))
    (with "wasi:io/streams@0.2.3" (instance $streams))
    (with "wasi:cli/stdout@0.2.3" (instance $stdout))
    (with "rewasm:guests/voice" (instance $voice-api))))
  (alias export $speaker-instance "wasi:cli/run@0.2.3" (instance $run-api))
  (export "wasi:cli/run@0.2.3" (instance $run-api))
  (export "rewasm:guests/voice" (instance $voice-api)))
