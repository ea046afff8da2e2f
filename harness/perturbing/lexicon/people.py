"""People and places, by kind, so that a name is replaced by one of its own kind."""

from __future__ import annotations

WOMEN = (
    "Alice", "Amanda", "Amelia", "Angela", "Anna", "Barbara", "Betty", "Carol", "Catherine", "Charlotte", "Clara",
    "Deborah", "Diana", "Dorothy", "Elena", "Elizabeth", "Emily", "Emma", "Fatima", "Hannah", "Helen", "Ingrid",
    "Isabella", "Jane", "Jennifer", "Jessica", "Julia", "Karen", "Kimberly", "Laura", "Linda", "Lisa", "Lucy",
    "Margaret", "Maria", "Martha", "Mary", "Megan", "Melissa", "Michelle", "Nancy", "Nicole", "Olivia", "Patricia",
    "Rachel", "Rebecca", "Ruth", "Sandra", "Sarah", "Sophia", "Stephanie", "Susan", "Teresa", "Valerie", "Yuki",
)  # fmt: skip
MEN = (
    "Adam", "Ahmed", "Alexander", "Andrew", "Anthony", "Benjamin", "Brian", "Carlos", "Charles", "Christopher",
    "Daniel", "David", "Dennis", "Donald", "Edward", "Eric", "Frank", "Gary", "George", "Gregory", "Henry", "Hiroshi",
    "Jacob", "James", "Jason", "Jeffrey", "John", "Jonathan", "Joseph", "Joshua", "Karl", "Kenneth", "Kevin",
    "Larry", "Matthew", "Michael", "Nathan", "Nicholas", "Oliver", "Patrick", "Paul", "Peter", "Raymond", "Richard",
    "Robert", "Ronald", "Samuel", "Scott", "Stephen", "Steven", "Thomas", "Timothy", "Tyler", "Walter", "William",
)  # fmt: skip
CITIES = (
    "Amsterdam", "Athens", "Atlanta", "Bangkok", "Barcelona", "Beijing", "Berlin", "Boston", "Brussels", "Budapest",
    "Buenos Aires", "Cairo", "Chicago", "Copenhagen", "Dallas", "Delhi", "Denver", "Dublin", "Helsinki", "Hong Kong",
    "Houston", "Istanbul", "Jakarta", "Johannesburg", "Lagos", "Lisbon", "London", "Los Angeles", "Madrid", "Miami",
    "Milan", "Montreal", "Moscow", "Mumbai", "Munich", "Nairobi", "New York", "Newark", "Oslo", "Paris",
    "Philadelphia", "Prague", "Rome", "San Francisco", "Seattle", "Seoul", "Shanghai", "Singapore", "Stockholm",
    "Sydney", "Tokyo", "Toronto", "Vienna", "Warsaw", "Zurich",
)  # fmt: skip
COUNTRIES = (
    "Argentina", "Australia", "Austria", "Belgium", "Brazil", "Canada", "Chile", "China", "Colombia", "Denmark",
    "Egypt", "Ethiopia", "Finland", "France", "Germany", "Ghana", "Greece", "Hungary", "Iceland", "India",
    "Indonesia", "Ireland", "Italy", "Japan", "Kenya", "Malaysia", "Mexico", "Morocco", "Nepal", "Nigeria", "Norway",
    "Pakistan", "Peru", "Poland", "Portugal", "Romania", "Spain", "Sweden", "Switzerland", "Thailand", "Turkey",
    "Ukraine", "Uruguay", "Vietnam",
)  # fmt: skip
