"""Ordinary talk that asks for no flow: what the router learns to leave alone."""

from __future__ import annotations

SENTENCES = tuple(
    line.strip()
    for line in """
    what time is it in Tokyo
    is it going to rain this afternoon
    how old is the universe
    sing me a song
    what is your favourite colour
    who wrote that book about whales
    the bus was late again
    my dog ate a shoe
    I will be in the office on Monday
    the train leaves at nine
    can you translate this into Spanish
    what is seven times eight
    did you see the game last night
    where did you put the keys
    I am going for a walk
    happy birthday to you
    how do I boil an egg
    remind me to call my mother
    set an alarm for six
    turn off the lights
    what is the meaning of life
    the new curtains are blue
    let us meet at the library
    I forgot my umbrella
    which film won the prize
    how far away is the moon
    what is the exchange rate of the euro
    that was funny
    I am tired
    nice work everyone
    see you later
    I will be back in five minutes
    the coffee machine is next to the window
    who is on holiday next week
    please review my pull request
    the build is green
    has anyone seen my charger
    I like the new logo
    when is the next public holiday
    let me know when you are free
    how many people live in Berlin
    is there a doctor in the house
    what did you have for breakfast
    I need a new pair of shoes
    the garden looks lovely
    can you hear me
    what does this word mean
    we should go hiking
    book a flight to Rome
    what is the score
    tell me about yourself
    do you like music
    I think the answer is forty two
    where is the nearest station
    the password policy has changed
    he said she would come
    I do not understand this
    send my regards to your family
    why is the sky blue
    it is very cold outside
    """.splitlines()
    if line.strip()
)
