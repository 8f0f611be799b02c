SELECT courses_1.id, courses_1.code, courses_1.state, providers_1.name 
FROM courses AS courses_1
JOIN providers AS providers_1 ON providers_1.id = courses_1.provider_id 
WHERE courses_1.id = ANY ($1) AND courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED');

SELECT providers_1.id, providers_1.code, providers_1.state, (SELECT count(*) AS count_1 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.provider_id = providers_1.id) AS anon_1 
FROM providers AS providers_1 
WHERE providers_1.id = ANY ($1) AND providers_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED');

SELECT regions_1.id, regions_1.name, regions_2.id AS id_1, regions_2.name AS name_1 
FROM regions AS regions_1
LEFT OUTER
JOIN regions AS regions_2 ON regions_2.id = regions_1.parent_id 
WHERE regions_1.id = ANY ($1);

SELECT runs_1.id, runs_1.code, courses_1.code AS code_1, runs_1.seats, runs_1.seats_taken 
FROM runs AS runs_1
JOIN courses AS courses_1 ON courses_1.id = runs_1.course_id 
WHERE runs_1.id = ANY ($1) AND ((runs_1.state NOT IN ('SCHEDULED', 'CANCELLED')) OR runs_1.state = 'CANCELLED' AND (EXISTS (SELECT courses_2.id 
FROM courses AS courses_2 
WHERE courses_2.id = runs_1.course_id AND courses_2.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED'))));
