SELECT
array((SELECT row(categories_1.code) AS row_1 
FROM categories AS categories_1
ORDER BY categories_1.position ASC, categories_1.id 

LIMIT 50)) AS array_1,
array((SELECT row(courses_1.code, courses_1.price, providers_1.name) AS row_2 
FROM courses AS courses_1
JOIN providers AS providers_1 ON providers_1.id = courses_1.provider_id 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED'
ORDER BY courses_1.price ASC, courses_1.id ASC 

LIMIT $1::INTEGER)) AS array_2,
array((SELECT row(courses_2.code, courses_2.price, providers_2.name) AS row_3 
FROM courses AS courses_2
JOIN providers AS providers_2 ON providers_2.id = courses_2.provider_id 
WHERE courses_2.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_2.state = 'PUBLISHED'
ORDER BY courses_2.price DESC, courses_2.id DESC 

LIMIT $2::INTEGER)) AS array_3, (SELECT count(*) AS count_1 
FROM courses AS courses_3 
WHERE courses_3.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_3.state = 'PUBLISHED') AS anon_1,
array((SELECT row(providers_3.name) AS row_4 
FROM providers AS providers_3 
WHERE providers_3.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND providers_3.code = $3::VARCHAR 

LIMIT 1)) AS array_4;
