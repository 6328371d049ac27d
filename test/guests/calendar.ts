// AssemblyScript with the WASI shim: reads the clock and random numbers, and prints through console.log.
const lucky = <i32>(Math.random() * 1000.0);
const day = Date.now() / 86400000;
const names = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
console.log("day " + day.toString() + ", a " + names[<i32>(day % 7)]);
console.log("lucky number " + lucky.toString());
